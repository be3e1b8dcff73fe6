import { elfKinds } from "./elf/kinds.ts";
import { harmlessElf } from "./harmless/elf.ts";
import { harmlessText } from "./harmless/text.ts";
import { jsonKinds } from "./json/kinds.ts";
import type { BlindHarmless, BlindInfection, BlindKind } from "./kind.ts";
import { scriptKinds } from "./script/kinds.ts";

export type { BlindHarmless, BlindInfection, ScriptKind } from "./kind.ts";

/** With the inverse of each, for the tests of this folder only: a measurement that used it would not be blind. */
export const blindKinds: readonly BlindKind[] = [...elfKinds, ...scriptKinds, ...jsonKinds];

/** Inert infections, written without knowledge of what derives rules and repairs from them. */
export const blindInfections: readonly BlindInfection[] = blindKinds.map(({ restore: _, ...kind }) => kind);

/** Changes as owners and editors make them. */
export const blindHarmless: readonly BlindHarmless[] = [...harmlessElf, ...harmlessText];
