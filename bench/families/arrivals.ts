import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FileType } from "@thymus/contracts";
import { fetchBuilds, goodware } from "../signature/corpora/parts.ts";

/** A program that comes to be analysed. */
export interface Arrival {
  readonly name: string;
  readonly path: string;
  readonly type: FileType;
  /** Of which family it is; for a stranger the source package from which it comes. */
  readonly family: string;
  readonly isStranger: boolean;
}

const MAX_BYTES = 16 * 1024 * 1024;
/** Bytes of one that is nobody's, at least: less holds nothing of its own. */
const MIN_BYTES = 20_000;

/** All builds of all families and some programs of dev, in an order that a digest chooses. */
export async function arrivals(others: number, say: (line: string) => void): Promise<Arrival[]> {
  const { builds } = await fetchBuilds(say);
  const dev = (await goodware("dev"))
    .filter(({ type }) => type === "elf64" || type === "elf32")
    .map((file) => ({ file, order: digest(file.path) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const strangers: Arrival[] = [];
  for (const { file } of dev) {
    if (strangers.length >= others) break;
    const { length } = readFileSync(file.path);
    if (length < MIN_BYTES || length > MAX_BYTES) continue;
    strangers.push({
      name: file.path,
      path: file.path,
      type: file.type,
      family: file.source,
      isStranger: true,
    });
  }
  const own = builds.map(({ name, path, type, family }) => ({ name, path, type, family, isStranger: false }));
  return [...own, ...strangers]
    .map((each) => ({ each, order: digest(each.name) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ each }) => each);
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex");
