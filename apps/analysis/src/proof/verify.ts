/** Runs a prescription's proof again, in the confined worker, on the evidence beside it and on this machine's self. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Prescription, parseJsonDocument, ThymusError } from "@thymus/contracts";
import type { ProveResult } from "../worker/protocol.ts";
import { corpusFolders } from "../worker/readable.ts";
import { runWorker } from "../worker/run.ts";

export interface Verification {
  readonly prescription: Prescription;
  readonly proved: ProveResult;
  /** What the prescription claims and the repetition did not show; empty where it holds. */
  readonly differences: readonly string[];
}

/** @param evidence folder of the decoys; by default `evidence` beside the prescription */
export async function verifyPrescription(options: {
  readonly file: string;
  readonly evidence?: string | undefined;
  readonly corpusDir: string;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
}): Promise<Verification> {
  const file = resolve(options.file);
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ThymusError(
      cause.code === "ENOENT" ? "NOT_FOUND" : "UNREADABLE",
      `${options.file} cannot be read (${cause.code})`,
      "check the path",
      { cause },
    );
  });
  const prescription = parseJsonDocument(Prescription, text, options.file);
  const evidence = resolve(options.evidence ?? join(dirname(file), "evidence"));
  const out = await mkdtemp(join(tmpdir(), "thymus-verify-"));
  try {
    const proved = await runWorker(
      {
        kind: "prove",
        evidence,
        corpusDir: options.corpusDir,
        detect: prescription.detect,
        repair: prescription.repair,
        program: prescription.proof.programs !== undefined,
        out,
      },
      {
        readable: [evidence, ...(await corpusFolders(options.corpusDir))],
        limitSeconds: 600,
        signal: options.signal,
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      },
    );
    return { prescription, proved, differences: compare(prescription, proved) };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function compare(prescription: Prescription, proved: ProveResult): string[] {
  const differences: string[] = [];
  if (proved.evidence !== prescription.proof.evidence)
    differences.push("the evidence is not the one that the proof names");
  for (const [name, claimed] of Object.entries(prescription.proof.decoys)) {
    const shown = proved.decoys[name as keyof typeof proved.decoys];
    const repairs = name === "repaired" || name === "freshRepaired";
    if (shown !== claimed && !(repairs && prescription.repair.length === 0))
      differences.push(`${name}: claimed ${claimed}, shown ${shown}`);
  }
  const claimed = prescription.proof.programs;
  if (claimed && proved.programs?.detected !== claimed.detected)
    differences.push(`programs: claimed ${claimed.detected}, shown ${proved.programs?.detected ?? 0}`);
  if (proved.goodware.matches > 0)
    differences.push(`${proved.goodware.matches} goodware files of this machine match`);
  if (!proved.sound && proved.why) differences.push(proved.why);
  return differences;
}
