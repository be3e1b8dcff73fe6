import { statfsSync } from "node:fs";
import { PSEUDO_FILE_SYSTEMS } from "@thymus/detection/pseudo";
import { pathOf } from "./byte-string.ts";

/** True where a folder is the top of one of the kernel's own file systems. */
export function isPseudo(folder: string): boolean {
  try {
    return PSEUDO_FILE_SYSTEMS.has(statfsSync(pathOf(folder)).type);
  } catch {
    return false;
  }
}
