/** The tree of processes, made of a list that a hostile program had a hand in: no cycle, no depth, no number hurts. */
import type { ProcessFacts } from "@thymus/contracts";

export interface TreeNode {
  readonly process: ProcessFacts;
  /** How many processes this line stands for: siblings without children that did the same kind of thing. */
  times: number;
  readonly children: TreeNode[];
}

/** Deeper processes are shown at this depth, so that the page neither grows narrow nor deep. */
const MAX_DEPTH = 8;

export interface TreeLine {
  readonly node: TreeNode;
  readonly depth: number;
}

/**
 * A parent is the process of that number that started last before its child: the kernel gives numbers anew. Whoever has
 * no such parent is a root.
 */
export function processTree(processes: readonly ProcessFacts[]): TreeNode[] {
  const order = [...processes].sort((a, b) => a.started - b.started);
  const latest = new Map<number, TreeNode>();
  const roots: TreeNode[] = [];
  for (const process of order) {
    const node: TreeNode = { process, times: 1, children: [] };
    const parent = process.ppid === null ? undefined : latest.get(process.ppid);
    (parent?.children ?? roots).push(node);
    latest.set(process.pid, node);
  }
  return roots;
}

const alike = (a: TreeNode, b: TreeNode): boolean =>
  a.children.length === 0 &&
  b.children.length === 0 &&
  a.process.command === b.process.command &&
  Object.keys(a.process.did).sort().join() === Object.keys(b.process.did).sort().join();

function merge(into: TreeNode, other: TreeNode): TreeNode {
  const did: Record<string, number> = { ...into.process.did };
  for (const [kind, times] of Object.entries(other.process.did)) did[kind] = (did[kind] ?? 0) + times;
  const ends = [into.process.ended, other.process.ended];
  const ended = ends.includes(null) ? null : Math.max(...(ends as number[]));
  return { process: { ...into.process, did, ended }, times: into.times + other.times, children: [] };
}

/** The tree as lines in reading order, depth first, neighbours that are alike folded into one. */
export function treeLines(roots: readonly TreeNode[]): TreeLine[] {
  const lines: TreeLine[] = [];
  const stack: TreeLine[] = folded(roots)
    .reverse()
    .map((node) => ({ node, depth: 0 }));
  for (let line = stack.pop(); line; line = stack.pop()) {
    lines.push(line);
    const depth = Math.min(line.depth + 1, MAX_DEPTH);
    for (const node of folded(line.node.children).reverse()) stack.push({ node, depth });
  }
  return lines;
}

function folded(siblings: readonly TreeNode[]): TreeNode[] {
  const result: TreeNode[] = [];
  for (const node of siblings) {
    const last = result.at(-1);
    if (last && alike(last, node)) result[result.length - 1] = merge(last, node);
    else result.push(node);
  }
  return result;
}
