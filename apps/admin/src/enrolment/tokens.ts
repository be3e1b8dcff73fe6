import { createHash, randomBytes } from "node:crypto";
import { ThymusError, type TokenReply, type TokenRequest } from "@thymus/contracts";
import { encodeToken } from "@thymus/trust";
import type { Change, State } from "../state/state.ts";

/** Only this is stored: who reads the database cannot enrol with it. The secret has 256 random bits. */
function hashOf(secret: string): string {
  return createHash("sha256").update("thymus token\0").update(secret).digest("hex");
}

/** Makes a one-time token. It is told once, here. */
export async function createToken(
  state: State,
  request: TokenRequest,
  serverKey: string,
): Promise<TokenReply> {
  const secret = randomBytes(32).toString("base64url");
  const expires = state.now() + request.expiresSeconds * 1000;
  await state.change(async ({ db, now }) => {
    await db.deleteFrom("token").where("expires", "<", now).execute();
    await db
      .insertInto("token")
      .values({ hash: hashOf(secret), role: request.role, expires, used_by: null })
      .execute();
  });
  return {
    token: encodeToken({ version: 1, secret, server: serverKey }),
    role: request.role,
    expires: new Date(expires).toISOString(),
  };
}

/**
 * Uses up a token for one machine. The same machine (by its public key) may show it again until it expires, because the
 * answer to its first enrolment may have been lost.
 * @throws ThymusError TOKEN_INVALID (unknown, expired, other role), TOKEN_USED (by another machine)
 */
export async function redeemToken(
  change: Change,
  secret: string,
  role: string,
  publicKey: string,
): Promise<void> {
  const hash = hashOf(secret);
  const token = await change.db.selectFrom("token").selectAll().where("hash", "=", hash).executeTakeFirst();
  const hint = "make a new token on the admin server";
  if (!token) throw new ThymusError("TOKEN_INVALID", "this server did not make that token", hint);
  if (token.expires <= change.now) throw new ThymusError("TOKEN_INVALID", "the token has expired", hint);
  if (token.role !== role) {
    throw new ThymusError("TOKEN_INVALID", `the token is for the role ${token.role}, not ${role}`, hint);
  }
  if (token.used_by !== null && token.used_by !== publicKey) {
    throw new ThymusError("TOKEN_USED", "another machine has used the token", hint);
  }
  await change.db.updateTable("token").set({ used_by: publicKey }).where("hash", "=", hash).execute();
}
