import { elfInfections } from "./elf.ts";
import { scriptInfections } from "./scripts.ts";
import type { InertInfection } from "./types.ts";

export type { InertInfection } from "./types.ts";

/** Every inert infection, programs first. */
export const inertInfections: readonly InertInfection[] = [...elfInfections, ...scriptInfections];
