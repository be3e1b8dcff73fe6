import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Sha256 } from "@thymus/contracts";
import { inputDisk, outputDisk } from "../layout.ts";
import { machineArguments } from "../machine/arguments.ts";

const guestFolder = join(import.meta.dirname, "../guest");

/** Files of the guest program that lie in its initial RAM disk. */
export const guestFiles: readonly string[] = ["init", "trace.sh", "run.sh", "touch.sh"];

export const readGuestFile = (name: string): Promise<Buffer> => readFile(join(guestFolder, name));

/** sha256 over all that a saved machine depends on in this version of Thymus: guest program, disks, machine. */
export async function programDigest(): Promise<Sha256> {
  const places = { kernel: "k", initramfs: "i", root: "r", memory: "m", input: "a", output: "b" };
  const machine = machineArguments(places, { accelerator: "tcg", share: "off", incoming: false });
  const hash = createHash("sha256").update(JSON.stringify([machine, inputDisk, outputDisk]));
  for (const name of guestFiles) hash.update(await readGuestFile(name));
  return Sha256.parse(hash.digest("hex"));
}
