import { basename, dirname } from "node:path";
import { isChanged, type Monitor } from "../suspicion/incident.ts";

/** A program is there that was not. Harmless alone; beside changed programs it may be what changed them. */
export const programAppeared: Monitor = {
  name: "program-appeared",
  look: ({ changes }) =>
    changes
      .filter((change) => !isChanged(change) && change.now.program)
      .map(({ path, now }) => {
        const hidden = path.split("/").some((part) => part.startsWith(".") && part.length > 1);
        const executable = (now.facts.mode & 0o111) !== 0;
        const unusual = hidden && executable;
        return {
          kind: "program-appeared" as const,
          rule: unusual ? "hidden-program-appeared" : "program-appeared",
          path,
          weight: unusual ? 0.2 : 0.1,
          what: unusual
            ? `an executable program appeared hidden: ${basename(path)} in ${dirname(path)}`
            : `${path} appeared`,
          shared: false,
        };
      }),
};
