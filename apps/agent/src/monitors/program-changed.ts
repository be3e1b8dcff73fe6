import { isChanged, isDependency, type Monitor } from "../suspicion/incident.ts";

/** A program is not what was accepted, and no package manager vouches for it. Alone it is the owner's right. */
export const programChanged: Monitor = {
  name: "program-changed",
  look: (incident) =>
    incident.changes
      .filter(
        (change) =>
          isChanged(change) &&
          !isDependency(incident, change) &&
          (change.now.program || change.before?.program === 1),
      )
      .map(({ path, now }) => {
        const binary = now.type === "elf64" || now.type === "elf32";
        return {
          kind: "program-changed" as const,
          rule: "program-changed",
          path,
          weight: binary ? 0.4 : 0.3,
          what: `${path} changed and no package manager vouches for it`,
          shared: false,
        };
      }),
};
