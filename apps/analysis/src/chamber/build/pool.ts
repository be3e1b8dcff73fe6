import type { ChamberPaths } from "../paths.ts";
export async function buildPool(_paths: ChamberPaths): Promise<void> {}
