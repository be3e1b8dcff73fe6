import { spawn } from "node:child_process";
import { ThymusError } from "@thymus/contracts";

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line that the tool prints on either stream. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a tool of the host to its end and gives back its standard output (at most 64 MiB).
 * @throws ThymusError TOOL_MISSING, TOOL_FAILED with the tool's last words, INTERRUPTED
 */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: an abort ends the tool's children too.
      detached: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let tail = "";
    const abort = () => {
      try {
        process.kill(-child.pid!, "SIGTERM");
      } catch {
        child.kill("SIGTERM");
      }
    };
    options.signal?.addEventListener("abort", abort, { once: true });
    if (options.signal?.aborted) abort();
    const lines = (text: string) => {
      tail = (tail + text).slice(-4000);
      for (const line of text.split("\n")) if (line.trim()) options.onLine?.(line);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= 64 * 1024 * 1024) chunks.push(chunk);
      if (options.onLine) lines(chunk.toString("utf8"));
    });
    child.stderr.setEncoding("utf8").on("data", lines);
    child.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "ENOENT"
          ? new ThymusError("TOOL_MISSING", `${command} is not installed`, "see: thymus doctor", { cause })
          : new ThymusError("TOOL_FAILED", `${command}: ${cause.message}`, "see: thymus doctor", { cause }),
      ),
    );
    child.once("close", (status) => {
      options.signal?.removeEventListener("abort", abort);
      if (options.signal?.aborted)
        reject(
          new ThymusError(
            "INTERRUPTED",
            `${command} was interrupted`,
            "run it again: it goes on where it was",
          ),
        );
      else if (status === 0) resolve(Buffer.concat(chunks));
      else {
        const words = tail.trim().split("\n").slice(-6).join(" | ");
        reject(
          new ThymusError(
            "TOOL_FAILED",
            `${command} failed: ${words}`,
            "see what it says, then run it again",
          ),
        );
      }
    });
  });
}
