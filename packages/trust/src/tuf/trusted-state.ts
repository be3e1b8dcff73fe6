/**
 * What a client has verified, as one file: it is replaced whole, so that a crash leaves the old state or the new one,
 * never a mixture of versions. Read again, every signature is checked again (not the expiry: it stays usable offline).
 */
import { readFile, rename } from "node:fs/promises";
import { parseJsonDocument, ThymusError } from "@thymus/contracts";
import { MetadataKind, type Root, type Snapshot, type Targets, type Timestamp } from "@tufjs/models";
import { z } from "zod";
import { writePrivateFile } from "../files/atomic.ts";
import { parseMetadata } from "./published-folder.ts";

const StateDocument = z.strictObject({
  version: z.literal(1),
  /** Root metadata by version, each the exact text that was verified; the last one is trusted. */
  roots: z.record(z.string().regex(/^[1-9]\d*$/), z.string()),
  timestamp: z.string().nullable(),
  snapshot: z.string().nullable(),
  targets: z.string().nullable(),
});
export type TrustedState = z.infer<typeof StateDocument>;

/** @throws ThymusError TUF_UNTRUSTED where the text is no self-signed root metadata */
export function initialState(rootJson: string): TrustedState {
  const version = rootVersion(rootJson);
  return { version: 1, roots: { [version]: rootJson }, timestamp: null, snapshot: null, targets: null };
}

/** @throws ThymusError TUF_UNTRUSTED */
export function rootVersion(rootJson: string): number {
  try {
    const root = parseMetadata<Root>(MetadataKind.Root, Buffer.from(rootJson));
    root.verifyDelegate("root", root);
    return root.signed.version;
  } catch (cause) {
    throw new ThymusError(
      "TUF_UNTRUSTED",
      "the root of the prescription repository that this machine was given is not valid",
      "join again",
      { cause },
    );
  }
}

export function newestRoot(state: TrustedState): string {
  return state.roots[Math.max(...Object.keys(state.roots).map(Number))]!;
}

/** The verified targets metadata, or null before the first refresh. */
export function targetsOf(state: TrustedState): Targets | null {
  if (state.targets === null) return null;
  return parseMetadata<Targets>(MetadataKind.Targets, Buffer.from(state.targets)).signed;
}

/** When the first part of what was verified runs out; null before the first refresh. It stays usable after that. */
export function expiryOf(state: TrustedState): Date | null {
  const { timestamp, snapshot, targets } = state;
  if (timestamp === null || snapshot === null || targets === null) return null;
  const instants = [newestRoot(state), timestamp, snapshot, targets].map((text) =>
    Date.parse(JSON.parse(text).signed.expires),
  );
  return new Date(Math.min(...instants));
}

/** Null where there is none yet. A damaged file is set aside and counts as none; `onDamage` hears of it. */
export async function loadState(file: string, onDamage: (why: string) => void): Promise<TrustedState | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ThymusError("UNREADABLE", `${file} cannot be read: ${(thrown as Error).message}`, "check it", {
      cause: thrown,
    });
  }
  try {
    const state = parseJsonDocument(StateDocument, text, file);
    verifyState(state);
    return state;
  } catch (thrown) {
    await rename(file, `${file}.damaged`);
    onDamage(`${file} was damaged (${(thrown as Error).message}) and is set aside`);
    return null;
  }
}

export async function saveState(file: string, state: TrustedState): Promise<void> {
  await writePrivateFile(file, JSON.stringify(state));
}

function verifyState(state: TrustedState): void {
  const roots = Object.values(state.roots).map((text) => {
    const root = parseMetadata<Root>(MetadataKind.Root, Buffer.from(text));
    root.verifyDelegate("root", root);
    return root;
  });
  const { timestamp, snapshot, targets } = state;
  if (timestamp === null || snapshot === null || targets === null) return;
  const parsed = {
    timestamp: parseMetadata<Timestamp>(MetadataKind.Timestamp, Buffer.from(timestamp)),
    snapshot: parseMetadata<Snapshot>(MetadataKind.Snapshot, Buffer.from(snapshot)),
    targets: parseMetadata<Targets>(MetadataKind.Targets, Buffer.from(targets)),
  };
  // The newest root may have come alone: what lies under it is then signed by the keys of a root before.
  const signedUnder = roots.some((root) => {
    try {
      for (const [role, metadata] of Object.entries(parsed)) root.verifyDelegate(role, metadata);
      return true;
    } catch {
      return false;
    }
  });
  if (!signedUnder) throw new Error("a signature does not fit");
  parsed.timestamp.signed.snapshotMeta.verify(Buffer.from(snapshot));
  parsed.snapshot.signed.meta["targets.json"]!.verify(Buffer.from(targets));
}
