import { mkdir } from "node:fs/promises";
import { type MachineId, THYMUS_VERSION } from "@thymus/contracts";
import { createLinkClient, decodeToken, loadOrCreateSigningKeys } from "@thymus/trust";
import { readEnrolment, signingKeyFile, writeEnrolment } from "./enrolment.ts";

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
 * @throws ThymusError TOKEN_INVALID, TOKEN_USED, UNREACHABLE, KEY_PERMISSIONS
 */
export async function joinServer(options: JoinOptions): Promise<MachineId> {
  const { dataDir, hostname, proxy, url } = options;
  const { secret, server } = decodeToken(options.token);
  const known = await readEnrolment(dataDir);
  if (known?.serverKey === server) {
    await writeEnrolment(dataDir, { ...known, url, proxy: proxy ?? null });
    return known.machine;
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const signing = await loadOrCreateSigningKeys(signingKeyFile(dataDir));
  const link = createLinkClient({ url, serverKey: server, signing, machine: null, proxy });
  const reply = await link.enrol({
    type: "enrol",
    secret,
    role: "agent",
    hostname: hostname.slice(0, 255),
    publicKey: signing.publicKey,
    version: THYMUS_VERSION,
    analysis: null,
  });
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
