import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ThymusError } from "@thymus/contracts/errors";
import { type BundleRule, bundleOf } from "../bundle/bundle.ts";
import type { RuleSet } from "../rule-sets/load.ts";
import { type Launch, launchOf } from "./launch.ts";
import { endTree, reasonIn } from "./start.ts";

const PROGRAM = fileURLToPath(new URL("./rule-set-worker.ts", import.meta.url));
/** Characters of all rules of one set. */
const MAX_SAID = 256 << 20;

/**
 * As `loadRuleSet` for one path, in a confined process: whatever the rules of other people do to the compiler, and however long it takes,
 * they do not do to this one.
 * @throws ThymusError RULE_INVALID where they are not done with in time, or end the process
 */
export async function loadRuleSetConfined(
  path: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<RuleSet> {
  const launch = launchOf(PROGRAM);
  try {
    return await ask(launch, path, timeoutMs, signal);
  } catch (error) {
    const isLate = error instanceof ThymusError && error.code === "RULE_INVALID" && error.hint === LATE;
    if (!launch.inNamespaces || isLate || signal?.aborted) throw error;
    // A machine may have bubblewrap and refuse it namespaces.
    return await ask(launchOf(PROGRAM, true), path, timeoutMs, signal);
  }
}

const LATE = "leave the slow ones out";

async function ask(launch: Launch, path: string, timeoutMs: number, signal?: AbortSignal): Promise<RuleSet> {
  const { args, env, file } = launch;
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env, cwd: "/" });
  let [isLate, said, error] = [false, "", ""];
  const end = () => endTree(child);
  const late = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  try {
    child.stdin.on("error", () => {});
    child.stdin.end(JSON.stringify({ path }));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (said.length > MAX_SAID) end();
      else said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      error = `${error}${text}`.slice(-4096);
    });
    const code = await new Promise<string | number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, by) => resolve(by ?? status));
    });
    if (isLate) throw invalid(`${path}: compiling took more than ${timeoutMs / 1000} seconds`, LATE);
    if (code !== 0 || !said.endsWith("\n"))
      throw invalid(`${path}: the process that compiled it ended (${code})${reasonIn(error)}`);
    return readSet(said, path);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", end);
  }
}

/** It met text of others, so it is read like the words of a stranger: no rule of it is more than a rule that somebody added. */
function readSet(said: string, path: string): RuleSet {
  const { rules, sources, warnings } = parsed(said, path);
  const isText = (value: unknown): value is string => typeof value === "string";
  const isRule = (each: Record<string, unknown> | null) => isText(each?.namespace) && isText(each.source);
  const sound =
    Number.isSafeInteger(rules) &&
    Array.isArray(warnings) &&
    warnings.every(isText) &&
    Array.isArray(sources) &&
    sources.every(isRule);
  if (!sound) throw invalid(`${path}: the process that compiled it gave no sound answer`);
  const all = (sources as Record<string, unknown>[]).map(
    ({ foreign, namespace, source }): BundleRule => ({
      ...{ namespace: namespace as string, source: source as string },
      ...{ scope: null, prescription: null, family: null },
      ...(foreign === true && { foreign }),
    }),
  );
  return { bundle: bundleOf(all), warnings: warnings as string[], rules: rules as number };
}

function parsed(said: string, path: string): Record<string, unknown> {
  try {
    return (JSON.parse(said) ?? {}) as Record<string, unknown>;
  } catch {
    throw invalid(`${path}: the process that compiled it gave no answer`);
  }
}

const invalid = (message: string, hint = "look at the rules by hand") =>
  new ThymusError("RULE_INVALID", message, hint);
