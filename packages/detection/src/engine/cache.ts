import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { CompiledRules, CompileOptions, RuleEngine, RuleSource } from "./engine.ts";

/** Raise when the engine's version, or what is compiled of a source, changes: compiled forms are good for one version only. */
const FORMAT = "yara-x-native-0.7.2/unbound";
const DIGEST_BYTES = 32;

/**
 * Compiles, or takes the compiled form from `folder` (0700, made if missing), where it lies under the SHA-256 of the
 * sources. A damaged or foreign file there is ignored and replaced; a folder that cannot be written is no error.
 */
export function compileCached(
  engine: RuleEngine,
  sources: readonly RuleSource[],
  folder: string | undefined,
  options?: CompileOptions,
): CompiledRules {
  if (!folder || engine.name !== "native") return engine.compile(sources, options);
  const file = fileOf(folder, sources, options);
  const kept = readKept(file);
  const restored = kept && engine.restore(kept, options);
  if (restored) return restored;
  const rules = engine.compile(sources, options);
  const blob = rules.serialize();
  if (blob) keep(folder, file, blob);
  return rules;
}

/**
 * The compiled form alone, for others to restore: from `folder` without looking into it where it lies there, else compiled now.
 * @returns null where the engine has none
 */
export function compiledForm(
  engine: RuleEngine,
  sources: readonly RuleSource[],
  folder: string | undefined,
  options?: CompileOptions,
): Uint8Array | null {
  const kept = folder && engine.name === "native" ? readKept(fileOf(folder, sources, options)) : null;
  if (kept) return kept;
  const rules = compileCached(engine, sources, folder, options);
  const form = rules.serialize();
  rules.close();
  return form;
}

const fileOf = (folder: string, sources: readonly RuleSource[], options: CompileOptions | undefined) =>
  join(folder, `${sourcesDigest(sources)}${options?.foreign ? "-foreign" : ""}.compiled`);

/** SHA-256 over format, namespaces and sources, as hex. */
export function sourcesDigest(sources: readonly RuleSource[]): string {
  const text = JSON.stringify([FORMAT, sources.map(({ namespace, source }) => [namespace, source])]);
  return createHash("sha256").update(text).digest("hex");
}

/** Layout: SHA-256 of the rest, then the engine's form. */
function readKept(file: string): Uint8Array | null {
  try {
    const bytes = readFileSync(file);
    const body = bytes.subarray(DIGEST_BYTES);
    const digest = createHash("sha256").update(body).digest();
    return bytes.length > DIGEST_BYTES && digest.equals(bytes.subarray(0, DIGEST_BYTES)) ? body : null;
  } catch {
    return null;
  }
}

function keep(folder: string, file: string, blob: Uint8Array): void {
  const temporary = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fd = openSync(temporary, "wx", 0o600);
    try {
      writeSync(fd, createHash("sha256").update(blob).digest());
      writeSync(fd, blob);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch {
    rmSync(temporary, { force: true });
  }
}
