import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Base64Url, MachineId, parseJsonDocument } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { z } from "zod";

/** What this machine knows of its server since it joined: DIR/agent/enrolment.json. */
export const Enrolment = z.strictObject({
  version: z.literal(1),
  url: z.string(),
  /** X25519 public key of the admin server. */
  serverKey: Base64Url,
  machine: MachineId,
  proxy: z.string().nullable(),
  /** age recipient of the analysis centre, or null until one is there. */
  recipient: z.string().nullable(),
  /** First TUF root of the prescription repository, JSON text, or null. */
  tufRoot: z.string().nullable(),
});
export type Enrolment = z.infer<typeof Enrolment>;

const fileOf = (dataDir: string) => join(dataDir, "enrolment.json");

/** @returns null where this machine has not joined. @throws ThymusError DOCUMENT_INVALID */
export async function readEnrolment(dataDir: string): Promise<Enrolment | null> {
  let text: string;
  try {
    text = await readFile(fileOf(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return parseJsonDocument(Enrolment, text, fileOf(dataDir));
}

export function writeEnrolment(dataDir: string, enrolment: Enrolment): Promise<void> {
  return writeFileAtomic(fileOf(dataDir), `${JSON.stringify(enrolment, null, 2)}\n`);
}

export function signingKeyFile(dataDir: string): string {
  return join(dataDir, "keys", "agent.ed25519.pem");
}
