import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import { Dpkg } from "./dpkg/dpkg.ts";
import type { PackageManager } from "./manager.ts";
import { Npm } from "./npm/npm.ts";
import { Rpm } from "./rpm/rpm.ts";
import { several } from "./several.ts";

/** The package managers of this system. */
export function packagesOf(db: Database): PackageManager {
  const memory = {
    load: () => readMeta(db, "packages.dpkg"),
    save: (text: string) => writeMeta(db, "packages.dpkg", text),
  };
  return several([new Dpkg({ memory }), new Rpm(), new Npm()]);
}
