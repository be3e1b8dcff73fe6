import type { Claim } from "../packages/manager.ts";
import { type Evidence, isChanged, type Monitor } from "../suspicion/incident.ts";

/** A program of a package is written by the package manager alone: enough for a case by itself at the default threshold. */
const WRITTEN_BY_ANOTHER = 0.65;
/** A package's own script: it runs as root, and no manifest has its digest. */
const CONTROL = 0.5;

/** A program of a package is not what its package brought, and the package manager did not just change it. */
export const packageDiffers: Monitor = {
  name: "package-differs",
  look: ({ changes, claims }) =>
    changes.flatMap((change): Evidence[] => {
      const claim = claims.get(change.path);
      if (!claim || !isChanged(change) || change.decoy) return [];
      const what = describe(change.path, claim);
      if (what === null) return [];
      return [
        {
          kind: "program-changed",
          rule: "package-differs",
          path: change.path,
          weight: claim.kind === "control" ? CONTROL : WRITTEN_BY_ANOTHER,
          what,
          shared: false,
        },
      ];
    }),
};

function describe(path: string, { package: name, version, kind, doubt }: Claim): string | null {
  const of = `${path} is part of package ${name} ${version}`;
  if (kind === "control") return `${path} is a script of package ${name} ${version} and did not come with it`;
  if (kind !== "file") return null;
  return doubt ? `${of}, whose manifest is not believed: ${doubt}` : `${of}, whose manifest says otherwise`;
}
