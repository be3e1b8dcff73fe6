import { readFile } from "node:fs/promises";
import { parseJsonDocument, Sha256, ThymusError } from "@thymus/contracts";
import { z } from "zod";
import { chamberPaths } from "../paths.ts";

/** A real program that ran well in the chamber without arguments. Its bytes lie in the pool under their sha256. */
export const PoolProgram = z.strictObject({
  /** Name that it must keep: programs like busybox look at it. */
  name: z.string().max(255),
  sha256: Sha256,
  size: z.number().int().positive(),
  bits: z.union([z.literal(32), z.literal(64)]),
  static: z.boolean(),
});
export type PoolProgram = z.infer<typeof PoolProgram>;

/** @throws ThymusError CHAMBER_NOT_BUILT where the chamber has no pool */
export async function readPool(chamberDir: string): Promise<PoolProgram[]> {
  const text = await readFile(chamberPaths(chamberDir).poolList, "utf8").catch(() => null);
  if (text === null)
    throw new ThymusError(
      "CHAMBER_NOT_BUILT",
      `there is no chamber in ${chamberDir}`,
      "build it with: thymus chamber build",
    );
  return parseJsonDocument(z.array(PoolProgram), text, "the chamber's pool of programs");
}
