import { join } from "node:path";
import type { Logger, SyncReply } from "@thymus/contracts";
import { createLinkClient, type LinkClient, loadOrCreateSigningKeys, TufClient } from "@thymus/trust";
import type { PrescriptionSource } from "../scanning/prescriptions.ts";
import { type Enrolment, signingKeyFile, writeEnrolment } from "./enrolment.ts";
import { proxyFor } from "./proxy.ts";

/** What the agent needs of its server; a test may give another. */
export interface Server {
  readonly enrolment: Enrolment;
  readonly link: LinkClient;
  /** Where prescriptions come from, or null while no analysis centre is there. */
  source(): Promise<PrescriptionSource | null>;
  /** Takes over what a sync said about the analysis centre. */
  learn(reply: SyncReply): Promise<void>;
}

/** The server that this machine joined. */
export async function openServer(
  dataDir: string,
  joined: Enrolment,
  signal: AbortSignal,
  log: Logger,
): Promise<Server> {
  const signing = await loadOrCreateSigningKeys(signingKeyFile(dataDir));
  const { machine, serverKey } = joined;
  const proxy = proxyFor(joined.url, joined.proxy);
  const link = createLinkClient({ url: joined.url, serverKey, signing, machine, proxy, signal });
  let enrolment = joined;
  let tuf: TufClient | null = null;
  return {
    get enrolment() {
      return enrolment;
    },
    link,
    async source() {
      if (tuf || !enrolment.tufRoot) return tuf;
      tuf = await TufClient.open({
        dir: join(dataDir, "tuf"),
        rootJson: enrolment.tufRoot,
        baseUrl: `${joined.url.replace(/\/$/, "")}/tuf/`,
        proxy,
        signal,
        onDamage: (why) => log.warn("the verified repository state was damaged and set aside", { why }),
      });
      return tuf;
    },
    async learn({ recipient, tufRoot }) {
      // The first root is trusted because it came over the sealed link; later ones must be signed by it (TUF 5.3).
      const next = {
        ...enrolment,
        recipient: recipient ?? enrolment.recipient,
        tufRoot: enrolment.tufRoot ?? tufRoot,
      };
      if (next.recipient === enrolment.recipient && next.tufRoot === enrolment.tufRoot) return;
      enrolment = next;
      await writeEnrolment(dataDir, enrolment);
    },
  };
}
