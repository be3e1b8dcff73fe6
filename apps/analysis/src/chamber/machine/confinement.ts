import { existsSync, lstatSync, readlinkSync } from "node:fs";

const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const systemFiles = ["/etc/alternatives", "/etc/ld.so.cache"];

/** The places of a machine's files inside its confinement. */
export const inside = { kernel: "/m/kernel", initramfs: "/m/initramfs", root: "/m/root", run: "/r" };

/**
 * Arguments of bwrap around the QEMU of a run: own namespaces of every kind, no capability, no file but the system's
 * libraries, the image (read-only) and the folder of the run. Dies with its parent.
 */
export function confinedMachine(
  image: { kernel: string; initramfs: string; root: string },
  runFolder: string,
): string[] {
  const args = [
    "bwrap",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--clearenv",
  ];
  for (const folder of systemFolders) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push("--symlink", readlinkSync(folder), folder);
    else args.push("--ro-bind", folder, folder);
  }
  for (const file of systemFiles) args.push("--ro-bind-try", file, file);
  args.push("--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/m");
  args.push("--ro-bind", image.kernel, inside.kernel, "--ro-bind", image.initramfs, inside.initramfs);
  args.push("--ro-bind", image.root, inside.root, "--bind", runFolder, inside.run, "--chdir", "/tmp");
  return args;
}
