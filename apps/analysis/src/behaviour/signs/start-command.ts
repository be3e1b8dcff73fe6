/** What the lines that were put into a start place would start. Pure. */
import { hiddenPlace, type RunView } from "../view.ts";

export interface Started {
  readonly kind: "hidden" | "own" | "existing" | "unknown";
  /** The line or the program, for the evidence. */
  readonly what: string;
  /** A library that is loaded into every program from then on. */
  readonly preload: string | null;
}

/** Fetches and runs, or decodes and runs, or opens a connection for a shell. */
const fetchesAndRuns =
  /\b(curl|wget)\b[^\n]*\|\s*(sudo\s+)?[\w/]*sh\b|base64\s+(-d|--decode|-D)[^\n]*\|\s*[\w/]*sh\b|\/dev\/tcp\/|\b(eval|sh\s+-c)\b[^\n]*\$\((curl|wget)/;

const pathsIn = (line: string, home: string): string[] =>
  [...line.matchAll(/(?:~|\$HOME|\$\{HOME\}|%h)?\/[\w.@%+/-]+/g)].map(([path]) =>
    path.replace(/^(~|\$HOME|\$\{HOME\}|%h)/, home),
  );

const [MAX_LINES, MAX_LINE] = [2000, 2000];

/** Lines of a file that were not in it before, without comments. */
export function newLines(view: RunView, path: string): string[] | null {
  const content = view.contentOf(path)?.toString("utf8");
  if (content === undefined) return null;
  const before = view.world.files.find((file) => file.path === path)?.content;
  const old = new Set(before ? Buffer.from(before).toString("utf8").split("\n") : []);
  return content
    .split("\n", MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE))
    .filter((line) => line.trim() !== "" && !/^\s*[#;]/.test(line) && !old.has(line));
}

/** A file that is read as part of the start file, such as `. ~/.bash_prompt`. */
const sourced = /(?:^|[\s;&|])(?:\.|source)\s+["']?((?:~|\$HOME|\$\{HOME\})?\/[\w.@%+/-]+)/;

/** Judges what a start file has been given to start. `depth`: files that read one another come to an end. */
export function startedBy(view: RunView, path: string, depth = 0): Started {
  const lines = newLines(view, path);
  if (lines === null) return { kind: "unknown", what: path, preload: null };
  const brought = new Set(
    view.result.dropped.filter((file) => !view.wasThere(file.path)).map((file) => file.path),
  );
  brought.add(view.samplePath);
  brought.delete(path);
  let own: string | null = null;
  for (const line of lines) {
    const preload = /LD_PRELOAD\s*=\s*["']?([^\s"';]+)/.exec(line)?.[1];
    if (preload !== undefined) {
      const library = pathsIn(preload, view.home)[0] ?? preload;
      if (brought.has(library)) return { kind: "hidden", what: line.trim(), preload: library };
    }
    if (fetchesAndRuns.test(line)) return { kind: "hidden", what: line.trim(), preload: null };
    const read = sourced.exec(line)?.[1];
    const part = read === undefined ? undefined : pathsIn(read, view.home)[0];
    if (part !== undefined && brought.has(part) && depth < 2) {
      const inner = startedBy(view, part, depth + 1);
      if (inner.kind === "hidden") return inner;
    }
    for (const named of pathsIn(line, view.home)) {
      if (!brought.has(named) || named === part) continue;
      if (hiddenPlace(named)) return { kind: "hidden", what: line.trim(), preload: null };
      own ??= line.trim();
    }
  }
  if (own !== null) return { kind: "own", what: own, preload: null };
  return { kind: "existing", what: lines[0]?.trim() ?? "nothing", preload: null };
}
