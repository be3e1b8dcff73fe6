/** The address at which machines in a cloud ask about themselves: plausible, and nothing in it opens anything. */
import { createHash } from "node:crypto";
import { json, type Request, type Response, splitTarget } from "./http.ts";

export const METADATA_ADDRESS = "169.254.169.254";
export const METADATA_HOSTS: readonly string[] = [METADATA_ADDRESS, "metadata.google.internal", "metadata"];

const ROLE = "desk-role";
const made = (what: string, length: number) =>
  createHash("sha512").update(`metadata ${what}`).digest("base64").replace(/[+/=]/g, "").slice(0, length);
const plain = (body: string): Response => ({ status: 200, headers: { "content-type": "text/plain" }, body });

/** Paths and what they hold; a path that ends in a slash lists what lies below. */
const aws: Readonly<Record<string, string>> = {
  "/latest/meta-data/":
    "ami-id\nhostname\niam/\ninstance-id\ninstance-type\nlocal-ipv4\nplacement/\npublic-ipv4",
  "/latest/meta-data/instance-id": "i-0c7d1f2a9be31d604",
  "/latest/meta-data/instance-type": "t3.medium",
  "/latest/meta-data/hostname": "ip-192-168-1-23.eu-central-1.compute.internal",
  "/latest/meta-data/local-ipv4": "192.168.1.23",
  "/latest/meta-data/placement/region": "eu-central-1",
  "/latest/meta-data/iam/security-credentials/": ROLE,
  "/latest/user-data": "#!/bin/sh\n",
};

function credentials(now: number): Response {
  return json(200, {
    Code: "Success",
    Type: "AWS-HMAC",
    AccessKeyId: `ASIA${made("id", 40)
      .toUpperCase()
      .replace(/[^A-Z2-7]/g, "Q")
      .slice(0, 16)}`,
    SecretAccessKey: made("secret", 40),
    Token: made("token", 80),
    LastUpdated: new Date(now - 3_600_000).toISOString(),
    Expiration: new Date(now + 18_000_000).toISOString(),
  });
}

/** `now` in milliseconds since 1970. */
export function answerMetadata(request: Request, now: number): Response {
  const { path } = splitTarget(request.target);
  const wanted = path.replace(/\/+$/, "");
  if (request.method === "PUT" && path === "/latest/api/token") return plain(made("session", 56));
  if (wanted === `/latest/meta-data/iam/security-credentials/${ROLE}`) return credentials(now);
  const found = aws[path] ?? aws[`${wanted}/`] ?? aws[wanted];
  if (found !== undefined) return plain(found);
  if (/^\/computeMetadata\/v1\/.*\/token$/.test(wanted))
    return json(200, { access_token: `ya29.${made("gcp", 60)}`, expires_in: 3599, token_type: "Bearer" });
  if (wanted.startsWith("/computeMetadata/v1")) return plain("desk\n");
  if (wanted === "/metadata/identity/oauth2/token")
    return json(200, {
      access_token: `eyJ0eXAiOiJKV1Qi.${made("azure", 60)}`,
      expires_in: "86399",
      token_type: "Bearer",
    });
  if (wanted.startsWith("/metadata/instance"))
    return json(200, { compute: { location: "westeurope", name: "desk" } });
  return { status: 404, body: "" };
}
