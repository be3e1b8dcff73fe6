/** How each repairable drill is undone, from the infected bytes alone: shows to the tests that a repair exists. */

/** Start and end of the constant frame of what a text drill writes; `lines` is how many lines it has. */
const blocks: Record<string, { start: string; lines: number }> = {
  "prepend-sh": { start: "#!/bin/bash\n# THYMUS-DRILL-SAMPLE prepend-sh\n", lines: 6 },
  "insert-sh": { start: "# THYMUS-DRILL-SAMPLE insert-sh\n", lines: 4 },
  "insert-php": { start: "/* THYMUS-DRILL-SAMPLE insert-php", lines: 5 },
  "xor-stub": { start: "# THYMUS-DRILL-SAMPLE xor-stub\n", lines: 8 },
};

/** @throws Error where the drill is none that can be undone or the bytes are not infected */
export function undo(id: string, infected: Buffer): Buffer {
  const text = infected.toString("latin1");
  if (id === "append-elf") return undoElf(infected);
  if (id === "cavity-elf") {
    const at = must(infected.indexOf("<THYMUS-DRILL-SAMPLE cavity-elf"));
    return Buffer.from(infected).fill(0, at, infected.indexOf(">", at) + 1);
  }
  if (id === "append-sh")
    return infected.subarray(0, must(text.indexOf("\n# THYMUS-DRILL-SAMPLE append-sh\n")));
  if (id === "insert-js") {
    const module_ = text.indexOf('import { existsSync as gorseSees } from "node:fs";\n');
    const at = must(module_ >= 0 ? module_ : text.indexOf("/* THYMUS-DRILL-SAMPLE insert-js"));
    return cutLines(text, at, module_ >= 0 ? 9 : 7);
  }
  const block = blocks[id];
  if (!block) throw new Error(`${id} cannot be undone`);
  return cutLines(text, must(text.indexOf(block.start)), block.lines);
}

function undoElf(infected: Buffer): Buffer {
  const tail = infected.subarray(-80);
  const [slot, entry, size] = [56, 64, 72].map((at) => tail.readBigUInt64LE(at)) as [bigint, bigint, bigint];
  const host = Buffer.from(infected.subarray(0, Number(size)));
  host.set(tail.subarray(0, 56), Number(slot));
  host.writeBigUInt64LE(entry, 24);
  return host;
}

function cutLines(text: string, at: number, lines: number): Buffer {
  let end = at;
  for (let i = 0; i < lines; i++) end = must(text.indexOf("\n", end)) + 1;
  return Buffer.from(text.slice(0, at) + text.slice(end), "latin1");
}

function must(at: number): number {
  if (at < 0) throw new Error("not infected");
  return at;
}
