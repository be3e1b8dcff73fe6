/** What an analysis centre has on disk, how it enrols, and that only one process works with it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { MachineId, parseJsonDocument, THYMUS_VERSION } from "@thymus/contracts";
import { holdLock, writeFileAtomic } from "@thymus/store";
import {
  createLinkClient,
  decodeToken,
  loadOrCreateSampleIdentity,
  loadOrCreateSigningKeys,
  TufPublisher,
} from "@thymus/trust";
import { z } from "zod";

export const Enrolment = z.strictObject({ machine: MachineId, url: z.string(), serverKey: z.string() });
export const files = (dataDir: string) => ({
  signing: join(dataDir, "keys", "link-signing.key"),
  sample: join(dataDir, "keys", "sample.key"),
  tuf: join(dataDir, "tuf"),
  /** Targets that retired, kept in case they come back. */
  retired: join(dataDir, "retired"),
  enrolment: join(dataDir, "enrolment.json"),
  work: join(dataDir, "work"),
  intake: join(dataDir, "intake"),
  cases: join(dataDir, "cases"),
  families: join(dataDir, "families"),
});

/** Enrols this analysis centre with an admin server; a second call with the same server changes nothing. */
export async function joinAsCentre(dataDir: string, url: string, token: string): Promise<void> {
  const { server, secret } = decodeToken(token);
  const release = await holdCentre(dataDir);
  try {
    await enrolHeld(dataDir, url, server, secret);
  } finally {
    release();
  }
}

async function enrolHeld(dataDir: string, url: string, server: string, secret: string): Promise<void> {
  const at = files(dataDir);
  const signing = await loadOrCreateSigningKeys(at.signing);
  const { recipient } = await loadOrCreateSampleIdentity(at.sample);
  const publisher = await TufPublisher.open({ dir: at.tuf });
  const link = createLinkClient({ url, serverKey: server, signing, machine: null });
  const reply = await link.enrol({
    type: "enrol",
    secret,
    role: "analysis",
    hostname: hostname(),
    publicKey: signing.publicKey,
    version: THYMUS_VERSION,
    analysis: { recipient, tufRoot: publisher.root() },
  });
  await writeFileAtomic(at.enrolment, JSON.stringify({ machine: reply.machine, url, serverKey: server }));
}

/** Two centres on one folder would sign different things under the same version. @throws ThymusError CONFLICT */
export const holdCentre = (dataDir: string) =>
  holdLock(join(dataDir, "lock"), { what: `the analysis centre of ${dataDir}` });

/** Takes over another address of the same server; of a centre of another server nothing changes. */
export async function moveCentre(dataDir: string, url: string, token: string): Promise<void> {
  const { server } = decodeToken(token);
  const at = files(dataDir);
  const known = parseJsonDocument(Enrolment, await readFile(at.enrolment, "utf8"), at.enrolment);
  if (known.serverKey !== server || known.url === url) return;
  await writeFileAtomic(at.enrolment, JSON.stringify({ ...known, url }));
}

export const centreIsEnrolled = (dataDir: string): boolean => existsSync(files(dataDir).enrolment);
