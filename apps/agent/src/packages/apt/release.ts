import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withoutArmour } from "./keyrings.ts";

const run = promisify(execFile);
/** Bytes of an InRelease file. */
const MAX_RELEASE = 32 << 20;

/** What a repository's signed Release says of its files: by name, the sha256 and size. */
export type Release = ReadonlyMap<string, { readonly sha256: string; readonly size: number }>;

/**
 * Verifies an InRelease file as apt does: its signature by one of the owner's keys, with gpgv or sqv. Only what was signed is read.
 * @returns null where no key signed it, or neither tool is there
 */
export async function verifiedRelease(file: string, keyrings: readonly string[]): Promise<Release | null> {
  if (keyrings.length === 0) return null;
  const dir = await mkdtemp(join(tmpdir(), "thymus-release-"));
  try {
    const bytes = await readFile(file);
    if (bytes.length > MAX_RELEASE) return null;
    const signed = join(dir, "InRelease");
    await writeFile(signed, bytes);
    const keys: string[] = [];
    for (const [index, keyring] of keyrings.entries()) {
      const key = join(dir, `${index}.gpg`);
      await writeFile(key, withoutArmour(await readFile(keyring)));
      keys.push(key);
    }
    const text = (await byGpgv(dir, signed, keys)) ?? (await bySqv(dir, signed, keys));
    return text === null ? null : parseRelease(text);
  } catch {
    return null;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** gpgv writes what was signed, and nothing else of the file. It ends with 2 where one of several keys is unknown: the status decides. */
async function byGpgv(dir: string, signed: string, keys: readonly string[]): Promise<string | null> {
  const out = join(dir, "release");
  const args = ["--homedir", dir, "--status-fd", "1", ...keys.flatMap((key) => ["--keyring", key])];
  const said = await run("gpgv", [...args, "--output", out, signed], { timeout: 30_000 }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
  );
  const good = /^\[GNUPG:\] VALIDSIG /m.test(said.stdout) && !/^\[GNUPG:\] BADSIG /m.test(said.stdout);
  return good ? readFile(out, "utf8").catch(() => null) : null;
}

async function bySqv(dir: string, signed: string, keys: readonly string[]): Promise<string | null> {
  const out = join(dir, "release-sqv");
  const args = [...keys.flatMap((key) => ["--keyring", key]), "--cleartext", "--output", out, signed];
  const good = await run("sqv", args, { timeout: 30_000 }).then(
    () => true,
    () => false,
  );
  return good ? readFile(out, "utf8").catch(() => null) : null;
}

/** The SHA256 part of a Release file: ` DIGEST SIZE NAME` a line. */
export function parseRelease(text: string): Release {
  const part = /^SHA256:[ \t]*\n((?: .*(?:\n|$))+)/m.exec(text)?.[1] ?? "";
  return new Map(
    [...part.matchAll(/^ +([0-9a-f]{64}) +(\d+) +(\S+)$/gm)].map(([, sha256, size, name]) => [
      name!,
      { sha256: sha256!, size: Number(size) },
    ]),
  );
}
