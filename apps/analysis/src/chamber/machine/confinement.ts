import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { ThymusError } from "@thymus/contracts";
import { KVM_DEVICE } from "../accelerator.ts";
import { runTool } from "../build/tool.ts";
import { MIB } from "../layout.ts";
import type { Accelerator } from "./arguments.ts";

const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const systemFiles = ["/etc/alternatives", "/etc/ld.so.cache"];

/** The places of a machine's files inside its confinement. */
export const inside = {
  kernel: "/m/kernel",
  initramfs: "/m/initramfs",
  root: "/m/root",
  run: "/r",
  descriptors: "/m/fd",
};

/** Own namespaces of every kind, no capability, no file but the system's libraries. Dies with its parent. */
function confinementBase(): string[] {
  const args = [
    "bwrap",
    "--unshare-all",
    ...["--uid", "65534", "--gid", "65534"],
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
  args.push("--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp");
  return args;
}

/** The command before QEMU in a run: beside the system's libraries it has the image (read-only) and the run's folder. */
export function confinedMachine(
  image: { kernel: string; initramfs: string; root: string },
  runFolder: string,
  accelerator: Accelerator,
): string[] {
  const args = [...confinementBase(), "--dir", "/m"];
  if (accelerator === "kvm") args.push("--dev-bind", KVM_DEVICE, KVM_DEVICE);
  args.push("--ro-bind", image.kernel, inside.kernel, "--ro-bind", image.initramfs, inside.initramfs);
  args.push("--ro-bind", image.root, inside.root, "--bind", runFolder, inside.run);
  // Its own descriptors and nothing else of /proc: bubblewrap's process becomes QEMU, so these are QEMU's.
  args.push("--as-pid-1", "--ro-bind", "/proc/self/fd", inside.descriptors);
  // Larger than the memory file; a machine that was taken over must not fill the host's disk.
  return [...args, "prlimit", `--fsize=${1024 * MIB}`, "--core=0"];
}

/** Who holds the machine: a sandbox of its own, or only the one that the caller already runs in. */
export type Holder = "own" | "callers";

/**
 * Finds by trying which sandbox can be had here. A caller that already has no network and no capability may run the
 * machine in its own sandbox where a nested one is refused; nobody else may run it without.
 * @throws ThymusError CONFINEMENT_UNAVAILABLE
 */
export async function findHolder(): Promise<Holder> {
  try {
    await runTool("bwrap", [...confinementBase().slice(1), "true"]);
    return "own";
  } catch (error) {
    const status = await readFile("/proc/self/status", "utf8").catch(() => "");
    const network = await readdir("/sys/class/net").catch(() =>
      readdir("/proc/sys/net/ipv4/conf").catch(() => ["?"]),
    );
    const alone = network.every((name) => ["lo", "all", "default"].includes(name));
    if (alone && /^CapEff:\s*0+$/m.test(status) && /^CapBnd:\s*0+$/m.test(status)) return "callers";
    throw new ThymusError(
      "CONFINEMENT_UNAVAILABLE",
      `no sandbox for the chamber: ${(error as Error).message}`,
      "install bubblewrap and allow user namespaces; inside another bwrap give that one --uid 65534 --gid 65534",
      { cause: error },
    );
  }
}
