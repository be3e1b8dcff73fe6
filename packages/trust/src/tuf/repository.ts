/** Names and limits that publisher and client of a prescription repository share (TUF specification 1.0.31). */
import { ThymusError } from "@thymus/contracts";

export const ROLES = ["root", "targets", "snapshot", "timestamp"] as const;
export type RoleName = (typeof ROLES)[number];

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a signature holds, in milliseconds. */
export const LIFETIME_MS: Readonly<Record<RoleName, number>> = {
  root: 365 * DAY_MS,
  targets: 90 * DAY_MS,
  snapshot: 30 * DAY_MS,
  timestamp: 3 * DAY_MS,
};

/** Signing is quadratic in the number of targets: more than these belong into bundles. */
export const MAX_TARGETS = 400;

/** A file of the repository; `path` is relative to the address under which it is served. */
export interface PublishedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

export const METADATA_FOLDER = "metadata";
export const TARGETS_FOLDER = "targets";

/** Consistent snapshots (section 6.2): the version is part of the name, but for the timestamp, where all begins. */
export function metadataPath(role: RoleName, version: number): string {
  return `${METADATA_FOLDER}/${role === "timestamp" ? "" : `${version}.`}${role}.json`;
}

/** Consistent snapshots: the digest is part of the name. */
export function targetPath(path: string, sha256: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `${TARGETS_FOLDER}/${path.slice(0, slash)}${sha256}.${path.slice(slash)}`;
}

/**
 * Such a name is safe in a URL and a folder, and leaves room for what is put before it.
 * @throws ThymusError DOCUMENT_INVALID
 */
export function checkTargetName(path: string): void {
  const plain = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(path) && path.length <= 160;
  if (plain && !path.split("/").some((part) => part === "." || part === "..")) return;
  throw new ThymusError(
    "DOCUMENT_INVALID",
    `${JSON.stringify(path)} cannot be the name of a published file`,
    "use up to 160 letters, digits, dots, dashes and underscores",
  );
}
