import type { HoneyCredential, WorldFile } from "../chamber/chamber.ts";
import { guestUser } from "../chamber/layout.ts";

/** What one maker contributes to a world. */
export interface Part {
  readonly files: readonly WorldFile[];
  readonly honey: readonly HoneyCredential[];
}

/** A file of a working tree, `path` relative to it. */
export interface TreeFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable?: boolean;
}

/** Days of the world lie before this moment: seconds since 1970. Fixed, since a seed alone decides a world. */
export const WORLD_NOW = 1_781_000_000;

const bytes = (content: string | Uint8Array) =>
  typeof content === "string" ? Buffer.from(content) : content;

/** A file of the user's, `path` relative to the home folder. */
export function own(path: string, content: string | Uint8Array, mode = 0o644): WorldFile {
  return { path: `${guestUser.home}/${path}`, mode, root: false, content: bytes(content) };
}

/** A file of the system's, `path` absolute. */
export function system(path: string, content: string | Uint8Array, mode = 0o644): WorldFile {
  return { path, mode, root: true, content: bytes(content) };
}

/**
 * A secret file of the user's with the needles that it holds.
 * @param services hosts to which the secret belongs
 */
export function secret(
  kind: string,
  path: string,
  content: string | Uint8Array,
  needles: readonly string[],
  services: readonly string[] = [],
): Part {
  const file = own(path, content, 0o600);
  return {
    files: [file],
    honey: [{ kind, path: file.path, needles, ...(services.length > 0 ? { services } : {}) }],
  };
}

export function join(...parts: readonly Part[]): Part {
  return { files: parts.flatMap((part) => part.files), honey: parts.flatMap((part) => part.honey) };
}

export const plain = (...files: readonly WorldFile[]): Part => ({ files, honey: [] });
