import { randomBytes } from "node:crypto";
import { type LinkEnvelope, type MachineId, ThymusError } from "@thymus/contracts";
import type { LinkClientOptions } from "./client.ts";
import { messageLimit } from "./limits.ts";
import { sealRequest } from "./seal.ts";
import { signDocument } from "./signed.ts";

/** What the parts of the client share. */
export interface Link {
  readonly options: LinkClientOptions;
  urlOf(path: string): URL;
  /** This machine's clock as an ISO instant. */
  now(): string;
  /** @throws ThymusError UNAUTHENTICATED */
  enrolled(): MachineId;
}

/** Seals and signs one envelope. @throws ThymusError TOO_LARGE, KEY_INVALID */
export async function sealEnvelope(link: Link, said: Pick<LinkEnvelope, "machine" | "body">) {
  const { serverKey, signing } = link.options;
  const envelope: LinkEnvelope = {
    machine: said.machine,
    at: link.now(),
    nonce: randomBytes(16).toString("base64url"),
    body: said.body,
  };
  const document = Buffer.from(JSON.stringify(envelope));
  const sealed = await sealRequest(
    "request",
    signDocument("request", document, serverKey, signing),
    serverKey,
  );
  const limit = messageLimit(said.body.type);
  if (sealed.sealed.length <= limit) return sealed;
  throw new ThymusError(
    "TOO_LARGE",
    `the message ${said.body.type} has ${sealed.sealed.length} bytes, above the limit of ${limit}`,
    "send it in several parts",
  );
}
