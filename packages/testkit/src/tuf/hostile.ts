import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  currentPath,
  describe,
  publisherKey,
  type Role,
  readCurrent,
  signerOf,
  versionPath,
  writeSigned,
} from "./metadata.ts";

/** `publisherDir` holds `keys/` and `repository/`; `out` must not exist and becomes what a server would show. */
type Attack = (publisherDir: string, out: string) => void;

const copy: Attack = (publisherDir, out) => {
  cpSync(join(publisherDir, "repository"), out, { recursive: true });
};

/** The timestamp before the last one, rightly signed and not expired: what a stale mirror or a replay shows. */
export const rollBackTimestamp: Attack = (publisherDir, out) => {
  copy(publisherDir, out);
  const { signed } = readCurrent(out, "timestamp");
  writeSigned(
    currentPath(out, "timestamp"),
    { ...signed, version: signed.version - 1 },
    publisherKey(publisherDir, "timestamp"),
  );
};

/** A new timestamp that leads to an older snapshot, both rightly signed. */
export const rollBackSnapshot: Attack = (publisherDir, out) => {
  copy(publisherDir, out);
  const { signed } = readCurrent(out, "timestamp");
  const version = readCurrent(out, "snapshot").signed.version - 1;
  const older = describe(versionPath(out, "snapshot", version));
  writeSigned(
    currentPath(out, "timestamp"),
    { ...signed, version: signed.version + 1, meta: { "snapshot.json": older } },
    publisherKey(publisherDir, "timestamp"),
  );
};

/** A new snapshot that leads to older targets, under a new timestamp, all rightly signed. */
export const rollBackTargets: Attack = (publisherDir, out) => {
  copy(publisherDir, out);
  const snapshot = readCurrent(out, "snapshot").signed;
  const older = describe(versionPath(out, "targets", readCurrent(out, "targets").signed.version - 1));
  const path = versionPath(out, "snapshot", snapshot.version + 1);
  writeSigned(
    path,
    { ...snapshot, version: snapshot.version + 1, meta: { "targets.json": older } },
    publisherKey(publisherDir, "snapshot"),
  );
  const { signed } = readCurrent(out, "timestamp");
  writeSigned(
    currentPath(out, "timestamp"),
    { ...signed, version: signed.version + 1, meta: { "snapshot.json": describe(path) } },
    publisherKey(publisherDir, "timestamp"),
  );
};

/** A rightly signed timestamp whose time is over: the repository is held still. */
export const freeze: Attack = (publisherDir, out) => {
  copy(publisherDir, out);
  const { signed } = readCurrent(out, "timestamp");
  writeSigned(
    currentPath(out, "timestamp"),
    { ...signed, version: signed.version + 1, expires: "2020-01-01T00:00:00Z" },
    publisherKey(publisherDir, "timestamp"),
  );
};

/** One bit of every target's bytes is another. */
export const tamperTargets: Attack = (publisherDir, out) => {
  copy(publisherDir, out);
  for (const path of targetFiles(out)) {
    const bytes = readFileSync(path);
    if (bytes.length > 0) bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
  }
};

/** The expiry in one metadata file is put off; its signature is left as it was. */
export function tamperMetadata(role: Role): Attack {
  return (publisherDir, out) => {
    copy(publisherDir, out);
    const { signatures, signed } = readCurrent(out, role);
    const version = role === "timestamp" ? signed.version + 1 : signed.version;
    const changed = { signatures, signed: { ...signed, version, expires: "2099-01-01T00:00:00Z" } };
    writeFileSync(currentPath(out, role), JSON.stringify(changed));
  };
}

/** Somebody else's key signs one more version of a role and everything that must follow from it. */
export function signByStranger(role: Role): Attack {
  return (publisherDir, out) => {
    copy(publisherDir, out);
    const stranger = signerOf(generateKeyPairSync("ed25519").privateKey);
    const { signed } = readCurrent(out, role);
    const next = { ...signed, version: signed.version + 1 };
    const path = role === "timestamp" ? currentPath(out, role) : versionPath(out, role, next.version);
    writeSigned(path, next, stranger);
    if (role === "targets") renewAbove(publisherDir, out, "snapshot", { "targets.json": describe(path) });
    if (role === "snapshot") renewAbove(publisherDir, out, "timestamp", { "snapshot.json": describe(path) });
  };
}

/** The current targets file's place holds the one of the release before. */
export const mixReleases: Attack = (publisherDir, out) => {
  copy(publisherDir, out);
  const { version } = readCurrent(out, "targets").signed;
  writeFileSync(currentPath(out, "targets"), readFileSync(versionPath(out, "targets", version - 1)));
};

/** Every target and the named metadata are followed by `bytes` more. */
export function oversize(role: Role, bytes: number): Attack {
  return (publisherDir, out) => {
    copy(publisherDir, out);
    for (const path of [currentPath(out, role), ...targetFiles(out)])
      appendFileSync(path, Buffer.alloc(bytes, 32));
  };
}

/** The named metadata is no JSON at all: what a login page of a proxy looks like. */
export function garble(role: Role): Attack {
  return (publisherDir, out) => {
    copy(publisherDir, out);
    writeFileSync(currentPath(out, role), "<html>Please log in</html>");
  };
}

function renewAbove(
  publisherDir: string,
  out: string,
  role: "snapshot" | "timestamp",
  meta: Record<string, ReturnType<typeof describe>>,
): void {
  const { signed } = readCurrent(out, role);
  const next = { ...signed, version: signed.version + 1, meta };
  const path = role === "timestamp" ? currentPath(out, role) : versionPath(out, role, next.version);
  writeSigned(path, next, publisherKey(publisherDir, role));
  if (role === "snapshot") renewAbove(publisherDir, out, "timestamp", { "snapshot.json": describe(path) });
}

function targetFiles(out: string): string[] {
  const folder = join(out, "targets");
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return paths.filter((path) => statSync(path).isFile());
}
