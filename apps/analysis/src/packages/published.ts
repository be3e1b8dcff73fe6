/** What a run published to the fake registry, with its bytes. */
import { readFile } from "node:fs/promises";
import type { PublishedPackage, RegistryPackage } from "../chamber/chamber.ts";

/** Tarballs above this size are not looked at. */
const MAX_TARBALL = 32 * 1024 * 1024;

export interface PublishedTarball {
  readonly name: string;
  readonly version: string;
  readonly content: Uint8Array;
}

/** One run's share: what was published, and what the registry held before. */
export interface PublishedRun {
  readonly name: "train" | "fresh";
  readonly published: readonly PublishedTarball[];
  readonly packages: readonly RegistryPackage[];
  /** Texts that are this run's own (needles of honey credentials, accounts): no rule may rest on them. */
  readonly secrets: readonly string[];
}

/** Reads the npm tarballs that the registry took; what was refused changed nothing. */
export async function readPublished(published: readonly PublishedPackage[]): Promise<PublishedTarball[]> {
  const taken = published.filter(
    ({ ecosystem, accepted, size }) => ecosystem === "npm" && accepted && size <= MAX_TARBALL,
  );
  return Promise.all(
    taken.map(async ({ name, version, file }) => ({ name, version, content: await readFile(file) })),
  );
}
