import type { Heuristic } from "../../monitors/static-heuristics.ts";

interface Layout {
  readonly entry: bigint;
  readonly loads: readonly { address: bigint; size: bigint; flags: number }[];
  /** Address range of .text, or null where there are no section names. */
  readonly text: { address: bigint; size: bigint } | null;
}

const PT_LOAD = 1;
const WRITABLE = 2;

/**
 * A program whose first instruction lies where no compiler puts it: in a writable or the last of several segments, or
 * outside of .text. Viruses that append themselves to an ELF file do that.
 */
export const oddEntryPoint: Heuristic = {
  name: "odd-entry-point",
  weight: 0.5,
  find(bytes, type) {
    if (type !== "elf64" && type !== "elf32") return null;
    const layout = layoutOf(bytes);
    if (!layout || layout.entry === 0n) return null;
    const { entry, loads, text } = layout;
    const at = loads.findIndex((load) => entry >= load.address && entry < load.address + load.size);
    if (at < 0) return "its entry point lies in no segment";
    if (loads[at]!.flags & WRITABLE) return "its entry point lies in a writable segment";
    if (loads.length > 1 && at === loads.length - 1) return "its entry point lies in the last segment";
    if (text && (entry < text.address || entry >= text.address + text.size))
      return "its entry point lies outside of .text";
    return null;
  },
};

/** Headers by the System V ABI; null where they make no sense. Never reads outside of `bytes`. */
function layoutOf(bytes: Buffer): Layout | null {
  try {
    const wide = bytes[4] === 2;
    const big = bytes[5] === 2;
    const u16 = (at: number) => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
    const u32 = (at: number) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
    const u64 = (at: number) => (big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
    const word = (at: number) => (wide ? u64(at) : BigInt(u32(at)));
    const kind = u16(16);
    if (kind !== 2 && kind !== 3) return null;
    const entry = word(24);
    const phoff = Number(word(wide ? 32 : 28));
    const shoff = Number(word(wide ? 40 : 32));
    const [phsize, phcount, shsize, shcount, names] = [0, 2, 4, 6, 8].map((plus) =>
      u16((wide ? 54 : 42) + plus),
    ) as [number, number, number, number, number];
    const loads = [];
    for (let index = 0; index < phcount; index++) {
      const at = phoff + index * phsize;
      if (u32(at) !== PT_LOAD) continue;
      loads.push({
        address: word(at + (wide ? 16 : 8)),
        size: word(at + (wide ? 40 : 20)),
        flags: u32(at + (wide ? 4 : 24)),
      });
    }
    let text: Layout["text"] = null;
    if (shoff > 0 && shcount > names) {
      const section = (index: number) => shoff + index * shsize;
      const field = (index: number, plus64: number, plus32: number) =>
        word(section(index) + (wide ? plus64 : plus32));
      const strings = Number(field(names, 24, 16));
      for (let index = 0; index < shcount; index++) {
        const name = strings + u32(section(index));
        if (bytes.toString("latin1", name, name + 6) === ".text\0")
          text = { address: field(index, 16, 12), size: field(index, 32, 20) };
      }
    }
    return { entry, loads, text };
  } catch {
    return null;
  }
}
