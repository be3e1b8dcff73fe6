/** What the installed YARA 4 does with the same rules and files. It reads samples, so it runs confined, on copies. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { confinementWorks, endConfined, spawnConfined } from "../../confinement/confine.ts";
import type { RuleRegion, Statement } from "../syntax/ast.ts";
import { Places } from "../syntax/lexer.ts";
import type { Chosen } from "./choose.ts";

/** Rules that may be refused before all of it is. */
const MAX_ROUNDS = 200;
const COMPILE_SECONDS = 60;
const SCAN_SECONDS = 180;
const FILE_SECONDS = 10;
const MAX_OUTPUT = 64e6;

export interface Yara4Source {
  readonly namespace: string;
  readonly text: string;
  readonly regions: readonly RuleRegion[];
  readonly statements: readonly Statement[];
}
export interface Yara4Result {
  /** Why it refuses a rule, by namespace and name. */
  readonly refused: ReadonlyMap<string, string>;
  /** Paths that a rule finds, by namespace and name. */
  readonly found: ReadonlyMap<string, ReadonlySet<string>>;
  /** Files that it did not scan to the end. */
  readonly failed: ReadonlySet<string>;
}

/** The installed version, or why there is none that may be used. */
export function yara4Version(): { version: string } | { why: string } {
  const { status, stdout } = spawnSync("yara", ["--version"], { encoding: "utf8", timeout: 20_000 });
  if (status !== 0) return { why: "the command yara is not installed" };
  const version = stdout.trim();
  if (!version.startsWith("4.")) return { why: `the installed yara is ${version}, not 4` };
  if (!confinementWorks())
    return { why: "bubblewrap (bwrap) is missing, without which no sample is read by it" };
  return { version };
}

/** @throws ThymusError TOOL_FAILED where it ends early or takes too long; INTERRUPTED */
export async function scanWithYara4(
  sources: readonly Yara4Source[],
  files: readonly Chosen[],
  signal: AbortSignal,
): Promise<Yara4Result> {
  const dir = mkdtempSync(join(tmpdir(), "thymus-yara4-"));
  try {
    mkdirSync(join(dir, "files"));
    mkdirSync(join(dir, "none"));
    for (const [at, { bytes }] of files.entries())
      writeFileSync(join(dir, "files", String(at)), bytes, { mode: 0o600 });
    const refused = await compileRounds(dir, sources, signal);
    const args = ["-w", "-e", "-p", "1", "-a", String(FILE_SECONDS), ...rulesOf(sources), "files"];
    const { stdout, stderr } = await run(dir, args, SCAN_SECONDS, signal);
    const path = (number: string) => files[Number(number)]!.path;
    const found = new Map<string, Set<string>>();
    for (const [, namespace, rule, number] of stdout.matchAll(/^(\w+):(\w+) files\/(\d+)$/gm)) {
      const key = `${namespace}/${rule}`;
      found.set(key, (found.get(key) ?? new Set()).add(path(number!)));
    }
    const failed = [...stderr.matchAll(/^error scanning files\/(\d+):/gm)].map(([, number]) => path(number!));
    return { refused, found, failed: new Set(failed) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const rulesOf = (sources: readonly Yara4Source[]) =>
  sources.map(({ namespace }) => `${namespace}:${namespace}.yar`);

/** Writes the rules, again and again without those that are refused, until the rest compiles. */
async function compileRounds(
  dir: string,
  sources: readonly Yara4Source[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  const texts = new Map(sources.map(({ namespace, text }) => [namespace, text]));
  const write = (namespace: string) => writeFileSync(join(dir, `${namespace}.yar`), texts.get(namespace)!);
  for (const { namespace } of sources) write(namespace);
  const began = performance.now();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const left = COMPILE_SECONDS - (performance.now() - began) / 1000;
    if (left <= 0) break;
    const { stderr } = await run(dir, ["-w", ...rulesOf(sources), "none"], left, signal);
    const [, byRule, before, after] =
      /error: rule "[^"]*" in (\w+\.yar\(\d+\)): (.*)|^(?:error: )?(\w+\.yar\(\d+\): error: .*)/m.exec(
        stderr,
      ) ?? [];
    const [, namespace, line] = /^(\w+)\.yar\((\d+)\)/.exec(byRule ?? after ?? "") ?? [];
    if (namespace === undefined || line === undefined) {
      if (/error/.test(stderr)) break;
      return refused;
    }
    const message = before ?? after!.replace(/^.*?: error: /, "");
    const source = sources.find((each) => each.namespace === namespace)!;
    const places = new Places(source.text);
    const at = Number(line);
    const within = ({ start, end }: { start: number; end: number }) =>
      places.of(start).line <= at && places.of(Math.max(start, end - 1)).line >= at;
    const gone = (region: RuleRegion) => refused.has(`${namespace}/${region.name}`);
    const region = source.regions.find((each) => within(each) && !gone(each));
    const statement = region ? undefined : source.statements.find(within);
    const part = region ?? statement;
    const text = texts.get(namespace)!;
    if (!part || text.slice(part.start, part.end).trim() === "") break;
    if (region) refused.set(`${namespace}/${region.name}`, message);
    texts.set(
      namespace,
      text.slice(0, part.start) +
        text.slice(part.start, part.end).replace(/[^\n]/g, " ") +
        text.slice(part.end),
    );
    write(namespace);
  }
  throw new ThymusError("TOOL_FAILED", "YARA 4 does not compile the rules", "look at them with yara itself");
}

function run(
  dir: string,
  args: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  const child = spawnConfined({ readable: [], writable: dir, maxFileBytes: 0 }, ["yara", ...args]);
  const texts = { stdout: "", stderr: "" };
  return new Promise((resolve, reject) => {
    const fail = (code: "TOOL_FAILED" | "INTERRUPTED", message: string) => {
      reject(new ThymusError(code, message, "look at the rules with yara itself"));
      endConfined(child);
    };
    const late = setTimeout(() => fail("TOOL_FAILED", "YARA 4 took too long"), seconds * 1000);
    const stop = () => fail("INTERRUPTED", "YARA 4 was stopped");
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    for (const name of ["stdout", "stderr"] as const)
      child[name]!.setEncoding("latin1").on("data", (text: string) => {
        texts[name] += text;
        if (texts[name].length > MAX_OUTPUT) fail("TOOL_FAILED", "YARA 4 says too much");
      });
    child.once("error", ({ message }) => fail("TOOL_FAILED", message));
    child.once("close", () => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      resolve(texts);
    });
  });
}
