/** The evidence folder: decoys before and after by content, never executable, and a manifest that names them. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseJsonDocument, type Sha256, ThymusError } from "@thymus/contracts";
import type { Specimen } from "../infection/index.ts";
import { type EvidenceEntry, EvidenceManifest } from "../worker/protocol.ts";

export const MANIFEST = "manifest.json";
/** Stored under another ending and without the executable bit, so that nothing starts it by mistake. */
const stored = (folder: string, sha256: string) => join(folder, `${sha256}.evidence`);

export const sha256Of = (bytes: Uint8Array): Sha256 =>
  createHash("sha256").update(bytes).digest("hex") as Sha256;

/** Writes bytes into the evidence folder once; returns their name. */
export async function storeEvidence(folder: string, bytes: Uint8Array): Promise<Sha256> {
  const sha256 = sha256Of(bytes);
  const file = stored(folder, sha256);
  if (!existsSync(file)) await writeFile(file, bytes, { mode: 0o400 });
  return sha256;
}

/** Reads bytes of the evidence back and checks that they are what their name says. */
export async function readEvidence(folder: string, sha256: Sha256): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(stored(folder, sha256));
  } catch (cause) {
    throw new ThymusError(
      "NOT_FOUND",
      `evidence ${sha256} is missing in ${folder}`,
      "run thymus immunize again",
      {
        cause,
      },
    );
  }
  if (sha256Of(bytes) !== sha256)
    throw new ThymusError(
      "DOCUMENT_INVALID",
      `evidence ${sha256} in ${folder} was changed`,
      "run thymus immunize again",
    );
  return bytes;
}

/** Writes the manifest last; its digest goes into the proof. */
export async function writeManifest(folder: string, manifest: EvidenceManifest): Promise<Sha256> {
  const text = `${JSON.stringify(EvidenceManifest.parse(manifest), null, 1)}\n`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, MANIFEST), text, { mode: 0o400 });
  return sha256Of(Buffer.from(text));
}

export async function readManifest(folder: string): Promise<{ manifest: EvidenceManifest; digest: Sha256 }> {
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST), "utf8");
  } catch (cause) {
    throw new ThymusError(
      "NOT_FOUND",
      `there is no evidence in ${folder}`,
      "keep the evidence folder beside the prescription",
      {
        cause,
      },
    );
  }
  return {
    manifest: parseJsonDocument(EvidenceManifest, text, `${folder}/${MANIFEST}`),
    digest: sha256Of(Buffer.from(text)),
  };
}

/** The infected pairs of one run, read back from the evidence. */
export async function readSpecimens(
  folder: string,
  manifest: EvidenceManifest,
  run: EvidenceEntry["run"],
): Promise<Specimen[]> {
  const specimens: Specimen[] = [];
  for (const entry of manifest.entries) {
    if (entry.run !== run || entry.state !== "changed" || !entry.after) continue;
    specimens.push({
      path: entry.path,
      kind: entry.kind,
      type: entry.type,
      before: await readEvidence(folder, entry.before),
      after: await readEvidence(folder, entry.after),
    });
  }
  return specimens;
}
