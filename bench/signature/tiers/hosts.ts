import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FileType } from "@thymus/contracts";
import type { Good } from "../corpora/parts.ts";

/** A clean file that an infection may change. */
export interface BenchHost {
  readonly path: string;
  readonly type: FileType;
  readonly bytes: Buffer;
}

const SMALLEST = 300;
const LARGEST = 400_000;
const FEW = 3;

/**
 * Hosts of these types out of goodware, in an order that only their content decides; sizes as decoys and programs have them.
 * Each source package gives few before any gives more, so that hosts are unlike each other.
 */
export function* hosts(files: readonly Good[], accepts: (file: Good) => boolean): Generator<BenchHost> {
  const perSource = new Map<string, number>();
  const order = (file: Good) => createHash("sha256").update(`host ${file.sha256}`).digest("hex");
  const fitting = files
    .filter((file) => file.size >= SMALLEST && file.size <= LARGEST && accepts(file))
    .map((file) => ({ file, key: order(file) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const read = ({ path, type }: Good) => ({ path, type, bytes: readFileSync(path) });
  const rest: Good[] = [];
  for (const { file } of fitting) {
    const count = perSource.get(file.source) ?? 0;
    perSource.set(file.source, count + 1);
    if (count < FEW) yield read(file);
    else rest.push(file);
  }
  for (const file of rest) yield read(file);
}
