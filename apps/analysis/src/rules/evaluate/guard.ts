/**
 * Takes human rules apart and compiles them in a process of its own, with limits: a rule file may be made to keep a compiler
 * busy for ever. Not in a thread, since nothing ends a thread inside the native compiler.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type ErrorCode, ThymusError } from "@thymus/contracts";
import type { Measured, MeasureWork } from "./measure.ts";
import type { Prepared, Work } from "./prepare.ts";

const HEAP_MB = 2048;

type Answer<T> =
  | { readonly done: T; readonly error?: undefined }
  | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string } };

/** @throws ThymusError those of `prepare`; TOOL_FAILED after `seconds`, or where the process died; INTERRUPTED */
export const prepareGuarded = (work: Work, seconds: number, signal: AbortSignal) =>
  guarded<Prepared>(work, seconds, signal);

/** @throws ThymusError as `prepareGuarded` does */
export const measureGuarded = (work: MeasureWork, seconds: number, signal: AbortSignal) =>
  guarded<Measured>(work, seconds, signal);

function guarded<T>(work: Work | MeasureWork, seconds: number, signal: AbortSignal): Promise<T> {
  const child = fork(fileURLToPath(new URL("./prepare-child.ts", import.meta.url)), {
    serialization: "advanced",
    execArgv: ["--no-warnings", `--max-old-space-size=${HEAP_MB}`],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const hint = "look at the rules by hand, or evaluate fewer at once";
  return new Promise<T>((resolve, reject) => {
    const fail = (code: ErrorCode, message: string, what = hint) =>
      reject(new ThymusError(code, message, what));
    const late = setTimeout(
      () => fail("TOOL_FAILED", `compiling the rules took more than ${seconds} seconds`),
      seconds * 1000,
    );
    const stop = () => fail("INTERRUPTED", "the rules were not compiled to the end", "start it again");
    signal.addEventListener("abort", stop, { once: true });
    child.once("message", (answer: Answer<T>) => {
      if (answer.error) fail(answer.error.code, answer.error.message, answer.error.hint);
      else resolve(answer.done);
    });
    child.once("error", ({ message }) => fail("TOOL_FAILED", `the rules cannot be compiled: ${message}`));
    child.once("exit", (status, by) => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      fail("TOOL_FAILED", `the compiler of the rules ended early (${by ?? status})`);
    });
    if (signal.aborted) stop();
    child.send(work, (error) => {
      if (error) fail("TOOL_FAILED", `the rules cannot be compiled: ${error.message}`);
    });
  }).finally(() => child.kill("SIGKILL"));
}
