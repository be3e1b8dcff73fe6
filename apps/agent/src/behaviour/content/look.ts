import { closeSync, fstatSync, readSync } from "node:fs";
import { openQuietly } from "@thymus/detection";
import { looksRandom } from "./entropy.ts";
import { type Form, formOf, isText } from "./forms.ts";

/** What a content looks like. */
export interface Look {
  readonly size: number;
  readonly form: Form;
  /** Some part of it looks like noise. */
  readonly random: boolean;
  /** All parts that were looked at are text. */
  readonly text: boolean;
}

/** Bytes of each part that is looked at: begin, middle and end. */
const PART = 4096;

/** Looks at a content that is at hand. */
export function lookAt(bytes: Uint8Array): Look {
  const parts = partsOf(bytes.length).map(([start, length]) => bytes.subarray(start, start + length));
  return judge(bytes.length, parts);
}

/** Looks at a regular file, never following a link. @returns null for what is missing or no regular file */
export function lookAtFile(path: string): Look | null {
  let fd: number;
  try {
    fd = openQuietly(path);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return null;
    const parts = partsOf(stat.size).map(([start, length]) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(fd, buffer, 0, length, start));
    });
    return judge(stat.size, parts);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function partsOf(size: number): (readonly [number, number])[] {
  if (size <= PART * 3) return [[0, size]];
  const middle = Math.floor(size / 2 / PART) * PART;
  return [
    [0, PART],
    [middle, PART],
    [size - PART, PART],
  ];
}

function judge(size: number, parts: readonly Uint8Array[]): Look {
  return {
    size,
    form: formOf(parts[0] ?? new Uint8Array()),
    random: parts.some(looksRandom),
    text: parts.every(isText),
  };
}
