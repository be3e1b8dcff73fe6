import { encodedPayload } from "../suspicion/heuristics/encoded-payload.ts";
import { oddEntryPoint } from "../suspicion/heuristics/odd-entry-point.ts";
import { programWriter } from "../suspicion/heuristics/program-writer.ts";
import { type Evidence, isDependency, type Monitor } from "../suspicion/incident.ts";
import { infectionShape } from "../suspicion/shape.ts";

/** What the bytes of a program alone can say: each finds one build of infected or infecting programs. Pure. */
export interface Heuristic {
  readonly name: string;
  readonly weight: number;
  /** Plain words of what was found, or null. */
  find(bytes: Buffer, type: string): string | null;
}

/** A new heuristic is one file and one line here. */
const heuristics: readonly Heuristic[] = [oddEntryPoint, encodedPayload, programWriter];

/** Packages of programmers write and pack programs as a matter of course: one sign alone is not enough there, two are. */
const OF_DEPENDENCY = 0.8;

export const staticHeuristics: Monitor = {
  name: "static-heuristics",
  look: (incident) =>
    incident.changes.flatMap((change) => {
      const { path, now, before, decoy } = change;
      if (!now.content?.whole || decoy) return [];
      // A script that was written anew may have done so before as well: only what came in would be news.
      const updated = before !== null && !now.type.startsWith("elf") && infectionShape(change) === null;
      return heuristics.flatMap((heuristic): Evidence[] => {
        const found = heuristic.find(now.content!.bytes, now.type);
        if (found === null) return [];
        return [
          {
            kind: "heuristic",
            rule: heuristic.name,
            path,
            weight: heuristic.weight * (isDependency(incident, change) ? OF_DEPENDENCY : updated ? 1 / 2 : 1),
            what: `${path}: ${found}`,
            shared: false,
          },
        ];
      });
    }),
};
