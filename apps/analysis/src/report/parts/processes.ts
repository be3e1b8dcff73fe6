/** Which processes there were, who started whom, and what each did. */
import type { AnalysisFacts, ProcessFacts } from "@thymus/contracts";
import { clipMiddle, shares, within } from "../bounds.ts";
import { html, type Markup } from "../markup.ts";
import { processTree, type TreeLine, treeLines } from "../process-tree.ts";
import { count, grouped, seconds } from "../words.ts";
import { more, section } from "./section.ts";

/** Kinds of trace events in words, for one and for many. What is not listed is of no use to a reader in a hurry. */
const deeds: Readonly<Record<string, readonly [string, string]>> = {
  exec: ["program run", "programs run"],
  fork: ["process split off", "processes split off"],
  "open-write": ["file written", "files written"],
  "open-read": ["file read", "files read"],
  mkdir: ["folder made", "folders made"],
  link: ["link made", "links made"],
  unlink: ["file deleted", "files deleted"],
  rename: ["file renamed", "files renamed"],
  chmod: ["permission changed", "permissions changed"],
  chown: ["owner changed", "owners changed"],
  utime: ["file time set", "file times set"],
  connect: ["connection", "connections"],
  send: ["message sent", "messages sent"],
  bind: ["address bound", "addresses bound"],
  listen: ["port opened", "ports opened"],
  ptrace: ["process traced", "processes traced"],
  inject: ["write into another process", "writes into other processes"],
  kill: ["signal sent", "signals sent"],
  "mmap-exec": ["memory made executable", "memory regions made executable"],
  memfd: ["file in memory only", "files in memory only"],
  setid: ["change of user", "changes of user"],
  capability: ["change of privileges", "changes of privileges"],
  namespace: ["change of namespace", "changes of namespace"],
  mount: ["mount", "mounts"],
  module: ["kernel module", "kernel modules"],
  sleep: ["wait", "waits"],
};

export function processesPart({ processes, counts }: AnalysisFacts): Markup | null {
  if (processes.length === 0) return null;
  const lines = treeLines(processTree(processes));
  const { shown, left } = within(shares.processes, lines, line);
  const cut = Math.max(0, counts.processes - processes.length);
  return section({
    id: "processes",
    title: "Processes",
    gist: `${count(Math.max(counts.processes, processes.length), "process", "processes")}, ${summary(processes)}`,
    open: false,
    body: html`<ol class="tree">${shown}</ol>${more(left, "lines of the tree")}${
      cut > 0 ? html`<p class="more">${grouped(cut)} further processes were counted but not kept.</p>` : null
    }`,
  });
}

function summary(processes: readonly ProcessFacts[]): string {
  const programs = new Set(processes.map((process) => process.command)).size;
  return count(programs, "program");
}

function line({ node, depth }: TreeLine): Markup {
  const { process, times } = node;
  const end = process.ended === null ? "to the end" : `to ${seconds(process.ended)}`;
  const did = Object.entries(process.did)
    .filter(([kind, number]) => number > 0 && Object.hasOwn(deeds, kind))
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8)
    .map(([kind, number]) => count(number, ...(deeds[kind] as [string, string])));
  // The depth is said in words too: the indentation alone would not reach a screen reader.
  return html`<li style="--d:${depth}"><span class="vh">level ${depth + 1}: </span><code>${clipMiddle(process.command, 160)}</code>${
    times > 1 ? html` <strong>× ${grouped(times)}</strong>` : null
  } <span class="pid">${times > 1 ? "from " : ""}process ${process.pid}, ${seconds(process.started)} ${end}</span>${
    did.length > 0 ? html`<span class="did">${did.join(" · ")}</span>` : null
  }</li>
`;
}
