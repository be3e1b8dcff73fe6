import { JoinToken, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { decodeBase64Url, decodeRawKey } from "../keys/raw-key.ts";

/** A token has some 150 characters. */
const MAX_TOKEN_CHARACTERS = 1024;

/** The text that `thymus up` prints and `thymus join` takes: base64url of the JSON document. */
export function encodeToken(token: JoinToken): string {
  const { version, secret, server } = JoinToken.parse(token);
  return Buffer.from(JSON.stringify({ version, secret, server })).toString("base64url");
}

/**
 * Space around the token is ignored, since it is copied by hand.
 * @throws ThymusError TOKEN_INVALID
 */
export function decodeToken(text: string): JoinToken {
  try {
    const bytes = text.length <= MAX_TOKEN_CHARACTERS ? decodeBase64Url(text.trim()) : null;
    if (bytes === null || bytes.length === 0) throw new Error("not base64url");
    const token = parseJsonDocument(JoinToken, Buffer.from(bytes).toString("utf8"), "the token");
    decodeRawKey(token.server, "the server's key");
    if (token.secret === "") throw new Error("no secret");
    return token;
  } catch (cause) {
    throw new ThymusError(
      "TOKEN_INVALID",
      "this is no join token, or a part of it is missing",
      "copy the whole token that `thymus up` printed, or have a new one made",
      { cause },
    );
  }
}
