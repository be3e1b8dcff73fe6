import type { Decoding } from "@thymus/contracts";
import { evaluatePosition, type Subject } from "./evaluate.ts";
import { refuse } from "./refuse.ts";

/**
 * Undoes one encoding. Hex and base64 (RFC 4648, standard alphabet) may hold white space, nothing else.
 * @throws ThymusError REPAIR_REFUSED where the bytes are not validly encoded
 */
export function decode(decoding: Decoding, bytes: Uint8Array, subject: Subject): Uint8Array {
  switch (decoding.kind) {
    case "xor":
      return xor(bytes, keyOf(decoding.key, subject));
    case "reverse":
      return Uint8Array.from(bytes).reverse();
    case "hex": {
      const text = withoutSpace(bytes);
      if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw refuse("saved bytes are not hex");
      return new Uint8Array(Buffer.from(text, "hex"));
    }
    case "base64": {
      const text = withoutSpace(bytes);
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1) {
        throw refuse("saved bytes are not base64");
      }
      return new Uint8Array(Buffer.from(text, "base64"));
    }
  }
}

function keyOf(key: Extract<Decoding, { kind: "xor" }>["key"], subject: Subject): Uint8Array {
  if (typeof key === "string") return new Uint8Array(Buffer.from(key, "hex"));
  const at = evaluatePosition(key.at, subject);
  if (at + key.length > subject.bytes.length) throw refuse("the key of the recipe lies outside the file");
  return subject.bytes.subarray(at, at + key.length);
}

function xor(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  if (key.length === 0) throw refuse("the key of the recipe is empty");
  const result = new Uint8Array(bytes.length);
  for (let i = 0, k = 0; i < bytes.length; i++) {
    result[i] = bytes[i]! ^ key[k]!;
    if (++k === key.length) k = 0;
  }
  return result;
}

function withoutSpace(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return text.replace(/[ \t\r\n]+/g, "");
}
