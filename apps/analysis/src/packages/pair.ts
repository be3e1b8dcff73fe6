/** Pairs of tarballs: a decoy package as the registry offered it, and what was published in its place. */

import { asThymusError } from "@thymus/contracts";
import { openPackage, type Tarball } from "@thymus/repair";
import type { RegistryPackage } from "../chamber/chamber.ts";
import { equalBytes } from "../infection/bytes.ts";
import type { PublishedTarball } from "./published.ts";

/** A member that is not as it was; `before` is null where it was added, `after` where it was removed. */
export interface MemberChange {
  /** Inside the package, e.g. `lib/index.js`. */
  readonly path: string;
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
}

export interface PackagePair {
  readonly name: string;
  /** As it was published. */
  readonly version: string;
  /** File name of the published tarball, as `npm pack` names it. */
  readonly path: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly clean: Tarball;
  readonly infected: Tarball;
  readonly changes: readonly MemberChange[];
}

export interface Pairing {
  readonly pairs: readonly PackagePair[];
  /** What was published but is no changed decoy, and why, in plain words. */
  readonly others: readonly string[];
}

export const tarballName = (name: string, version: string) =>
  `${name.replace(/^@/, "").replaceAll("/", "-")}-${version}.tgz`;

/** The latest clean version of each npm package: registries list versions in the order of their release. */
export function latestClean(packages: readonly RegistryPackage[]): Map<string, RegistryPackage> {
  return new Map(packages.filter(({ ecosystem }) => ecosystem === "npm").map((each) => [each.name, each]));
}

/** Opens both tarballs of every publish of a decoy package, within limits, and compares them member by member. */
export function pairPublished(
  published: readonly PublishedTarball[],
  packages: readonly RegistryPackage[],
): Pairing {
  const latest = latestClean(packages);
  const pairs: PackagePair[] = [];
  const others: string[] = [];
  for (const { name, version, content } of published) {
    const clean = latest.get(name);
    const what = `${name} ${version}`;
    if (clean === undefined) {
      others.push(`${what} is a new package`);
      continue;
    }
    try {
      const pair = comparePackages(clean.file.content, content);
      if (pair.changes.length === 0) others.push(`${what} holds what ${clean.version} held`);
      else pairs.push({ name, version, path: tarballName(name, version), ...pair });
    } catch (thrown) {
      const error = asThymusError(thrown);
      if (error.code !== "REPAIR_REFUSED") throw error;
      others.push(`${what} cannot be read: ${error.message}`);
    }
  }
  return { pairs, others };
}

type Compared = Pick<PackagePair, "before" | "after" | "clean" | "infected" | "changes">;

/** @throws ThymusError REPAIR_REFUSED where one of them is no package that can be read in full */
export function comparePackages(before: Uint8Array, after: Uint8Array): Compared {
  const clean = openPackage(before);
  const infected = openPackage(after);
  const old = filesOf(clean);
  const now = filesOf(infected);
  const changes: MemberChange[] = [];
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    const was = old.get(path) ?? null;
    const is = now.get(path) ?? null;
    if (was === null || is === null || !equalBytes(was, is)) changes.push({ path, before: was, after: is });
  }
  return { before, after, clean, infected, changes };
}

export const filesOf = ({ members }: Tarball): Map<string, Uint8Array> =>
  new Map(members.filter(({ file }) => file).map(({ path, content }) => [path, content]));
