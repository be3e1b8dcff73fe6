/** What an analysis that ended left in the folder of its case. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CaseId, ImmunizeReport, Prescription, parseJsonDocument } from "@thymus/contracts";
import { prescriptionIdOf } from "../publish/assemble.ts";
import type { Finished } from "./types.ts";

/** @throws ThymusError DOCUMENT_INVALID */
export async function readCase(folder: string, id: CaseId): Promise<Finished> {
  const report = parseJsonDocument(
    ImmunizeReport,
    await readFile(join(folder, "report.json"), "utf8"),
    `report of ${id}`,
  );
  const prescription = report.prescription
    ? parseJsonDocument(
        Prescription,
        await readFile(join(folder, "prescription.json"), "utf8"),
        `prescription of ${id}`,
      )
    : null;
  return { report, prescription };
}

/**
 * Whether a case was finished by an earlier run, so that nothing is left to analyse. One that was answered by another
 * case's prescription is analysed anew once that is withdrawn; its own prescription is a person's to bring back.
 * @throws ThymusError DOCUMENT_INVALID
 */
export async function isFinished(
  folder: string,
  id: CaseId,
  isRecalled: (prescription: string) => boolean,
): Promise<boolean> {
  if (!existsSync(join(folder, "report.json"))) return false;
  const { prescription } = await readCase(folder, id);
  return prescription === null || prescription.id === prescriptionIdOf(id) || !isRecalled(prescription.id);
}
