import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { FileType, type Prescription, ThymusError } from "@thymus/contracts";
import { createBundle, scanPaths } from "@thymus/detection";
import type { ProtectedPaths } from "../files/protected.ts";

/**
 * Tries a rule on what it must never find here (law 5): Thymus itself, its runtime, the package manager, the login path,
 * the shells, the start of the system. This is beside the proof, which was made on another machine.
 * @throws ThymusError RULE_INVALID: it does not compile, or it finds one of these
 */
export async function selfCheck(prescription: Prescription, paths: ProtectedPaths): Promise<void> {
  const found: string[] = [];
  const real = await Promise.all(paths.samples().map((path) => realpath(path).catch(() => null)));
  const system = [...new Set(real.filter((path) => path !== null))];
  const own = dirname(dirname(fileURLToPath(import.meta.url)));
  // Whatever its scope says: a rule that finds a shell or the list of users finds far too much also among others.
  const everywhere = { ...prescription.detect, scope: [...FileType.options] };
  for (const [where, detect] of [
    [system, everywhere],
    [[own], prescription.detect],
  ] as const)
    await scanPaths({
      paths: [...where],
      bundle: createBundle([{ ...prescription, detect }]),
      workers: 1,
      onFinding: ({ path }) => found.push(path),
      onError: () => {},
    });
  if (found.length > 0)
    throw new ThymusError(
      "RULE_INVALID",
      `the rule of ${prescription.id} finds ${found[0]}, which belongs to the system or to Thymus`,
      "recall the prescription and report it to the analysis centre",
    );
}
