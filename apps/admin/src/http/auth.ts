import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";

/** The bearer token of the API, made on the first start. @throws ThymusError KEY_PERMISSIONS, KEY_INVALID */
export async function loadOrCreateApiToken(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (!found) {
    const token = randomBytes(32).toString("base64url");
    await writeFileAtomic(file, `${token}\n`, 0o600);
    return token;
  }
  if ((found.mode & 0o077) !== 0) {
    throw new ThymusError("KEY_PERMISSIONS", `others may read ${file}`, `run chmod 600 ${file}`);
  }
  const token = (await readFile(file, "utf8")).trim();
  if (/^[A-Za-z0-9_-]{32,}$/.test(token)) return token;
  throw new ThymusError(
    "KEY_INVALID",
    `${file} holds no API token`,
    "delete it: a new one is made at the start",
  );
}

/** Compares digests, in constant time and whatever the lengths are. @throws ThymusError UNAUTHENTICATED */
export function checkBearer(header: string | undefined, token: string): void {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new ThymusError(
    "UNAUTHENTICATED",
    "the API token is missing or wrong",
    "send Authorization: Bearer with the text of the file admin/api-token in the data folder",
  );
}
