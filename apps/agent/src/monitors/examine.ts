import { basename } from "node:path";
import type { FileType, Sha256 } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { type FileFacts, readHead, readRegular, sha256Of } from "../files/regular.ts";
import { isProgram } from "./program-types.ts";

/** A regular file as it is now. */
export interface Examined {
  readonly path: string;
  readonly facts: FileFacts;
  readonly type: FileType;
  readonly program: boolean;
  /** Content of a program; null for anything else. */
  readonly content: { readonly bytes: Buffer; readonly whole: boolean; readonly sha256: Sha256 } | null;
}

/** Bytes by which the type of a file is told. */
const HEAD = 8192;

/**
 * Looks at one path. Only programs are read whole (others where `always` says so), and at most `maxBytes`.
 * @returns null for what is no regular file, is missing, or is being written without pause
 */
export async function examine(path: string, maxBytes: number, always = false): Promise<Examined | null> {
  const start = await readHead(path, HEAD);
  if (!start) return null;
  const { head, facts } = start;
  const type = identifyFile(head, basename(path));
  if (!isProgram(type) && !always) return { path, facts, type, program: false, content: null };
  const content = await readRegular(path, maxBytes);
  if (!content) return null;
  const { bytes, whole } = content;
  return {
    path,
    facts: content.facts,
    type,
    program: isProgram(type),
    content: { bytes, whole, sha256: sha256Of(bytes) },
  };
}
