import { type FileType, ThymusError } from "@thymus/contracts";
import { type RuleBundle, ScanPool, type ScanTarget } from "@thymus/detection";
import type { Good } from "../corpora/parts.ts";
import type { Row } from "./row.ts";

/** A clean file that a rule hits. */
export interface GoodHit {
  readonly tool: string;
  /** Tier and name of the row whose rule it is. */
  readonly rule: string;
  readonly path: string;
  readonly type: FileType;
}

export interface GoodScan {
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly rules: number;
  /** Files by kind: ELF, scripts, the rest. */
  readonly kinds: Readonly<Record<Kind, number>>;
  readonly hits: readonly GoodHit[];
  /** Files that could not be read or took too long: they are not counted among `files`. */
  readonly errors: number;
}

export type Kind = "elf" | "script" | "rest";

export function kindOf(type: FileType): Kind {
  if (type === "elf64" || type === "elf32") return "elf";
  return ["shell", "python", "node", "perl", "php"].includes(type) ? "script" : "rest";
}

const BATCH = 128;

/** All rules of all rows together over clean files, each in the types of its scope. Exact: every file is read whole. */
export async function scanGoodware(
  files: readonly Good[],
  rows: readonly Row[],
  say: (line: string) => void,
): Promise<GoodScan> {
  const ruled = rows.filter(({ rule }) => rule !== null);
  const started = performance.now();
  const kinds: Record<Kind, number> = { elf: 0, script: 0, rest: 0 };
  const hits: GoodHit[] = [];
  let errors = 0;
  const typeOf = new Map(files.map(({ path, type }) => [path, type]));
  const pool = await ScanPool.open(
    { bundle: bundleOf(ruled), maxFileBytes: 2 ** 30, timeoutMs: 60_000 },
    {
      onHit({ target, type, matches }) {
        for (const namespace of new Set(matches.map((match) => match.namespace))) {
          const row = ruled[Number(namespace.slice(1))]!;
          hits.push({ tool: row.tool, rule: `${row.tier} ${row.name}`, path: target.path, type });
        }
      },
      onError({ path }) {
        errors++;
        kinds[kindOf(typeOf.get(path)!)]--;
      },
      onSkip({ path }) {
        errors++;
        kinds[kindOf(typeOf.get(path)!)]--;
      },
    },
  );
  try {
    let told = Date.now();
    for (let at = 0; at < files.length; at += BATCH) {
      const batch = files.slice(at, at + BATCH);
      for (const { type } of batch) kinds[kindOf(type)]++;
      await pool.submit(batch.map(({ path }): ScanTarget => ({ path })));
      if (Date.now() - told > 15_000) {
        told = Date.now();
        say(`${at} of ${files.length} clean files, ${hits.length} hits`);
      }
    }
    await pool.drain();
  } catch (error) {
    if (error instanceof ThymusError) say(`the scan ended: ${error.message}`);
    throw error;
  } finally {
    await pool.close();
  }
  const seconds = (performance.now() - started) / 1000;
  const counted = kinds.elf + kinds.script + kinds.rest;
  return { files: counted, bytes: pool.bytes, seconds, rules: ruled.length, kinds, hits, errors };
}

/** A namespace a row: r and its place in the list. */
function bundleOf(rows: readonly Row[]): RuleBundle {
  const rules = rows.map(({ rule, scope }, i) => ({
    ...{ namespace: `r${i}`, source: rule!, scope, prescription: null, family: null },
  }));
  return { digest: String(rules.length), rules };
}
