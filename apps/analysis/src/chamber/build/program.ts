import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { Sha256 } from "@thymus/contracts";
import { inputDisk, outputDisk } from "../layout.ts";
import { machineArguments } from "../machine/arguments.ts";

const guestFolder = join(import.meta.dirname, "../guest");

/** Files of the guest program that lie in its initial RAM disk. */
const guestFiles: readonly string[] = ["init", "network.sh", "trace.sh", "run.sh", "touch.sh", "gate.py"];

/** The guest's package managers, in a folder of their own there too. */
async function packageFiles(): Promise<string[]> {
  const names = await readdir(join(guestFolder, "packages"));
  return names
    .filter((name) => name.endsWith(".py"))
    .map((name) => `packages/${name}`)
    .sort();
}

/** All files of the guest program, relative to its folder. */
export const allGuestFiles = async (): Promise<string[]> => [...guestFiles, ...(await packageFiles())];

export const readGuestFile = (name: string): Promise<Buffer> => readFile(join(guestFolder, name));

const chamberFolder = join(import.meta.dirname, "..");

/** Source files of the fake internet's server, relative to the chamber's folder. */
async function serverSources(): Promise<{ name: string; source: string }[]> {
  const own = (await readdir(join(chamberFolder, "internet"))).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  const names = [...own.sort().map((name) => `internet/${name}`), "run/tar.ts"];
  const source = (name: string) => readFile(join(chamberFolder, name), "utf8");
  return Promise.all(names.map(async (name) => ({ name, source: await source(name) })));
}

/** The server as plain JavaScript, which the guest's own Node understands, e.g. `internet/dns.mjs`. */
export async function serverFiles(): Promise<{ name: string; content: Buffer }[]> {
  return (await serverSources()).map(({ name, source }) => {
    const code = withoutTypes(source).replace(/(from\s*"\.[^"]*)\.ts"/g, '$1.mjs"');
    return { name: name.replace(/\.ts$/, ".mjs"), content: Buffer.from(code) };
  });
}

/** The runtime is pinned, so that its warning that this may change one day would only confuse. */
function withoutTypes(source: string): string {
  const warn = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = warn;
  }
}

/** sha256 over all that a saved machine depends on in this version of Thymus: guest program, disks, machine. */
export async function programDigest(): Promise<Sha256> {
  const places = { kernel: "k", initramfs: "i", root: "r", memory: "m", input: "a", output: "b" };
  const machine = (["tcg", "kvm"] as const).map((accelerator) =>
    machineArguments(places, { accelerator, share: "off", incoming: false }),
  );
  const hash = createHash("sha256").update(JSON.stringify([machine, inputDisk, outputDisk]));
  for (const name of await allGuestFiles()) hash.update(await readGuestFile(name));
  for (const { name, source } of await serverSources()) hash.update(`${name}\n${source}`);
  return Sha256.parse(hash.digest("hex"));
}
