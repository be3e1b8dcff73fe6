import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { ThymusError } from "@thymus/contracts";

/**
 * What root runs at every start must be root's alone: who may write the program, or rename a folder above it, would be root.
 * @throws ThymusError KEY_PERMISSIONS that names the first path that somebody else may write
 */
export function refuseForeignCode(files: readonly string[], stat: (path: string) => Stats = lstatSync): void {
  for (const file of files)
    for (let path = realpathSync(file); ; path = dirname(path)) {
      const { uid, mode } = stat(path);
      // A sticky folder (/tmp) lets others make files there, but not rename root's.
      const others = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
      if (uid !== 0 || others)
        throw new ThymusError(
          "KEY_PERMISSIONS",
          `${path} may be changed by ${uid !== 0 ? `user ${uid}` : "others"}, and root would run what lies there`,
          "install Thymus in a folder of root, e.g. /opt/thymus, or: chown -R root: DIR && chmod -R go-w DIR",
        );
      if (path === "/") break;
    }
}
