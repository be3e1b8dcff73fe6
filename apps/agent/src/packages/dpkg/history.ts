import { readFile } from "node:fs/promises";

/** Bytes of each log that are looked at, from its end. */
const READ = 4 << 20;

/**
 * What dpkg wrote down about its work, in dpkg.log and the one before it (log rotation): `NAME:ARCH VERSION` of all that it unpacked
 * or configured. Null where there is no log: then nothing can be said.
 */
export async function readHistory(log: string): Promise<ReadonlySet<string> | null> {
  const texts = await Promise.all([`${log}.1`, log].map((file) => readFile(file, "latin1").catch(() => "")));
  if (texts.every((text) => text === "")) return null;
  const line = /^\S+ \S+ status (?:unpacked|half-configured|installed) (\S+) (\S+)$/gm;
  return new Set(
    texts.flatMap((text) =>
      [...text.slice(-READ).matchAll(line)].map(([, name, version]) => `${name} ${version}`),
    ),
  );
}
