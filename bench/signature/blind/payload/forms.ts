import { concat, u32 } from "../bytes.ts";
import type { Random } from "../kind.ts";
import { between, pick, seeded } from "../random.ts";

/**
 * Lists of instruction shapes that an infection writes in its own way: with other registers, with other instructions of
 * like meaning, with idle ones in between. The lists are drawn, so that the whole means nothing.
 */
export interface Form {
  readonly shape: "move" | "clear" | "add" | "save";
  /** Which of the eight registers of this infection; 0 to 7. */
  readonly a: number;
  readonly b: number;
  readonly value: number;
  readonly wide: number;
}

export function forms(seed: string, count: number): Form[] {
  const random = seeded(`forms ${seed}`);
  return Array.from({ length: count }, () => ({
    shape: pick(random, ["move", "clear", "add", "save"] as const),
    a: between(random, 0, 7),
    b: between(random, 0, 7),
    value: between(random, 1, 100),
    wide: between(random, 0x11111111, 0x7fffffff),
  }));
}

/** The one way of writing a form: the registers in fixed places. */
export function written({ shape, a, b, wide }: Form, registers: readonly number[]): Uint8Array {
  const [x, y] = [registers[a]!, registers[b]!];
  if (shape === "move") return Uint8Array.of(0x48, 0x89, 0xc0 | (y << 3) | x, 0x0f, 0x1f, 0xc0 | x);
  if (shape === "clear") return Uint8Array.of(0x48, 0x31, 0xc0 | (x << 3) | x);
  if (shape === "add") return concat(Uint8Array.of(0x48, 0x81, 0xc0 | x), u32(wide));
  return Uint8Array.of(0x50 | x, 0x58 | y, 0x48, 0x87, 0xc0 | (x << 3) | y);
}

/** One of several ways of writing a form, with idle instructions before it. */
export function rewritten(form: Form, registers: readonly number[], random: Random): Uint8Array {
  const [x, y] = [registers[form.a]!, registers[form.b]!];
  const ways: Record<Form["shape"], readonly Uint8Array[]> = {
    move: [
      Uint8Array.of(0x48, 0x89, 0xc0 | (y << 3) | x),
      Uint8Array.of(0x48, 0x8b, 0xc0 | (x << 3) | y),
      Uint8Array.of(0x50 | y, 0x58 | x),
    ],
    clear: [
      Uint8Array.of(0x31, 0xc0 | (x << 3) | x),
      Uint8Array.of(0x48, 0x29, 0xc0 | (x << 3) | x),
      Uint8Array.of(0xb8 | x, 0, 0, 0, 0),
    ],
    add: [
      Uint8Array.of(0x48, 0x83, 0xc0 | x, form.value),
      Uint8Array.of(0x48, 0x83, 0xe8 | x, 256 - form.value),
      Uint8Array.of(0x48, 0x81, 0xc0 | x, form.value, 0, 0, 0),
    ],
    save: [
      Uint8Array.of(0x50 | x),
      Uint8Array.of(0xff, 0xf0 | x),
      Uint8Array.of(0x48, 0x87, 0xc0 | (x << 3) | y),
    ],
  };
  return concat(idle(random), pick(random, ways[form.shape]));
}

/** Up to six bytes of instructions that change nothing. */
export function idle(random: Random): Uint8Array {
  const register = between(random, 0, 7);
  const ways: readonly Uint8Array[] = [
    new Uint8Array(0),
    Uint8Array.of(0x90),
    Uint8Array.of(0x66, 0x90),
    Uint8Array.of(0x0f, 0x1f, 0x40, between(random, 0, 127)),
    Uint8Array.of(0x48, 0x8d, 0x40 | (register << 3) | pick(random, [0, 1, 2, 3]), between(random, 0, 255)),
    Uint8Array.of(0xeb, 0x01, between(random, 0, 255)),
    Uint8Array.of(0xeb, 0x02, between(random, 0, 255), between(random, 0, 255)),
  ];
  return concat(pick(random, ways), pick(random, ways));
}
