import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type MachineId, THYMUS_VERSION } from "@thymus/contracts";
import { createLinkClient, decodeToken, loadOrCreateSigningKeys } from "@thymus/trust";
import { holdAgent } from "../state/hold.ts";
import { writeMeta } from "../state/meta.ts";
import { openAgentDatabase } from "../state/open.ts";
import { readEnrolment, signingKeyFile, writeEnrolment } from "./enrolment.ts";
import { proxyFor } from "./proxy.ts";

export interface JoinOptions {
  /** DIR/agent */
  readonly dataDir: string;
  readonly url: string;
  readonly token: string;
  readonly hostname: string;
  readonly proxy?: string;
}

/**
 * Enrols this machine with an admin server. Joining a server again to which it belongs already only takes over the new
 * address and leaves the token unused.
 * @throws ThymusError TOKEN_INVALID, TOKEN_USED, UNREACHABLE, KEY_PERMISSIONS, CONFLICT (the agent runs: it would go on
 * with the server of before)
 */
export async function joinServer(options: JoinOptions): Promise<MachineId> {
  decodeToken(options.token);
  const release = await holdAgent(options.dataDir);
  try {
    return await enrol(options);
  } finally {
    release();
  }
}

/** Follows the server of this machine to another address; of a machine of another server nothing changes. */
export async function followServer(dataDir: string, url: string, token: string): Promise<void> {
  const { server } = decodeToken(token);
  const known = await readEnrolment(dataDir);
  if (known?.serverKey === server && known.url !== url) await writeEnrolment(dataDir, { ...known, url });
}

async function enrol(options: JoinOptions): Promise<MachineId> {
  const { dataDir, hostname, proxy, url } = options;
  const { secret, server } = decodeToken(options.token);
  const known = await readEnrolment(dataDir);
  if (known?.serverKey === server) {
    await writeEnrolment(dataDir, { ...known, url, proxy: proxy ?? null });
    return known.machine;
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const signing = await loadOrCreateSigningKeys(signingKeyFile(dataDir));
  const link = createLinkClient({
    url,
    serverKey: server,
    signing,
    machine: null,
    proxy: proxyFor(url, proxy ?? null),
  });
  const reply = await link.enrol({
    type: "enrol",
    secret,
    role: "agent",
    hostname: hostname.slice(0, 255),
    publicKey: signing.publicKey,
    version: THYMUS_VERSION,
    analysis: null,
  });
  if (known) await forgetServer(dataDir);
  await writeEnrolment(dataDir, {
    version: 1,
    url,
    serverKey: server,
    machine: reply.machine,
    proxy: proxy ?? null,
    recipient: reply.recipient,
    tufRoot: reply.tufRoot,
  });
  return reply.machine;
}

/**
 * What was agreed with the server of before means nothing to another: its repository is not the new one's, and cases
 * that it would have ended are opened anew. What its prescriptions did stays, with the way back.
 */
async function forgetServer(dataDir: string): Promise<void> {
  await rm(join(dataDir, "tuf"), { recursive: true, force: true });
  const db = await openAgentDatabase(dataDir);
  try {
    await db
      .updateTable("suspect_case")
      .set({ step: "suspected", announced: 0, known: null, attempts: 0, next_try: 0 })
      .where("step", "!=", "closed")
      .execute();
    await writeMeta(db, "revision", "0");
  } finally {
    await db.destroy();
  }
}
