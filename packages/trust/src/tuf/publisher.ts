import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
import { makePrivateFolder } from "../files/atomic.ts";
import { metadataBytes, PublishedFolder, type Release, sha256Hex } from "./published-folder.ts";
import {
  checkTargetName,
  LIFETIME_MS,
  MAX_TARGETS,
  metadataPath,
  type PublishedFile,
  ROLES,
  type RoleName,
  targetPath,
} from "./repository.ts";
import { RoleKeys, signMetadata } from "./role-keys.ts";

export interface TufPublisherOptions {
  /** Folder of its own: `keys/` (private) and `repository/` (what is published). One process at a time. */
  readonly dir: string;
  readonly now?: () => Date;
  /** Called at each durable step with its name; a test may end the process there. */
  readonly checkpoint?: (name: string) => Promise<void>;
}

/**
 * Publishes files as a TUF repository: one Ed25519 key for each role, consistent snapshots. A crash at any moment leaves
 * the last release or the new one. Every method answers with the files that changed, in the order in which they may
 * appear at a mirror; calls are carried out one after another.
 */
export class TufPublisher {
  readonly #folder: PublishedFolder;
  readonly #now: () => Date;
  readonly #checkpoint: (name: string) => Promise<void>;
  readonly #keys: RoleKeys;
  #release: Release;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    options: TufPublisherOptions,
    folder: PublishedFolder,
    keys: RoleKeys,
    release: Release,
  ) {
    this.#folder = folder;
    this.#now = options.now ?? (() => new Date());
    this.#checkpoint = options.checkpoint ?? (async () => {});
    this.#keys = keys;
    this.#release = release;
  }

  /**
   * Opens the repository, or makes an empty one.
   * @throws ThymusError KEY_PERMISSIONS, KEY_INVALID, STORE_FAILED
   */
  static async open(options: TufPublisherOptions): Promise<TufPublisher> {
    const now = options.now ?? (() => new Date());
    const folder = new PublishedFolder(join(options.dir, "repository"));
    await folder.prepare();
    await makePrivateFolder(join(options.dir, "keys"));
    const keys = await RoleKeys.open(join(options.dir, "keys"));
    const newestRoot = (await folder.rootVersions()).at(-1);
    const root =
      newestRoot === undefined ? await firstRoot(folder, keys, now()) : await folder.loadRoot(newestRoot);
    if (!folder.hasRelease()) {
      const publisher = new TufPublisher(options, folder, keys, emptyRelease(root, now()));
      await publisher.#commit({});
      return publisher;
    }
    const release = await folder.load(root.signed.version);
    const publisher = new TufPublisher(options, folder, keys, release);
    // A crash may have come between a new root and the release under its keys.
    if (!isSignedByRoot(release)) await publisher.#commit({});
    return publisher;
  }

  /** The newest root metadata: what a client must be given over a trusted way once. JSON text. */
  root(): string {
    return Buffer.from(metadataBytes(this.#release.root)).toString("utf8");
  }

  /** Names of the published targets. */
  targets(): string[] {
    return Object.keys(this.#release.targets.signed.targets);
  }

  /**
   * Adds targets or replaces those of the same name, and takes away the names in `remove`.
   * @throws ThymusError DOCUMENT_INVALID (name), TOO_MANY (above 400 targets in all)
   */
  publish(
    targets: readonly { path: string; content: Uint8Array }[],
    options: { remove?: readonly string[] } = {},
  ): Promise<PublishedFile[]> {
    return this.#inTurn(async () => {
      const next = { ...this.#release.targets.signed.targets };
      for (const path of options.remove ?? []) delete next[path];
      const files: PublishedFile[] = [];
      for (const { path, content } of targets) {
        checkTargetName(path);
        const sha256 = sha256Hex(content);
        next[path] = new TargetFile({ path, length: content.length, hashes: { sha256 } });
        files.push({ path: targetPath(path, sha256), content });
      }
      if (Object.keys(next).length > MAX_TARGETS) {
        throw new ThymusError(
          "TOO_MANY",
          `the repository would have ${Object.keys(next).length} targets, above the limit of ${MAX_TARGETS}`,
          "publish several documents in one target, or remove what was recalled",
        );
      }
      for (const file of files) await this.#folder.write(file);
      await this.#checkpoint("trust.publish.targets-written");
      return [...files, ...(await this.#commit({ targets: next }))];
    });
  }

  /**
   * Signs the timestamp anew, and whatever else comes within a third of its lifetime of its end. Call it daily: a
   * client refuses a timestamp that is older than three days.
   */
  refreshTimestamp(): Promise<PublishedFile[]> {
    return this.#inTurn(async () => {
      const files = this.#isDue("root") ? [await this.#replaceRoot([])] : [];
      if (this.#isDue("targets")) return [...files, ...(await this.#commit({}))];
      if (this.#isDue("snapshot")) return [...files, ...(await this.#commit({ from: "snapshot" }))];
      return [...files, ...(await this.#commit({ from: "timestamp" }))];
    });
  }

  /**
   * Replaces the keys of these roles (left out: the root's) by new ones. The new root is signed by the old root key as
   * well, so that clients follow.
   */
  rotateRoot(roles: readonly RoleName[] = ["root"]): Promise<PublishedFile[]> {
    return this.#inTurn(async () => {
      const root = await this.#replaceRoot(roles);
      await this.#checkpoint("trust.rotate.root-written");
      return [root, ...(await this.#commit({}))];
    });
  }

  /** All files that a client may need now, timestamp last. */
  files(): Promise<PublishedFile[]> {
    return this.#inTurn(() => this.#folder.filesOf(this.#release));
  }

  /** Signs and writes the roles from `from` on; the timestamp's rename is the commit. */
  async #commit(change: { targets?: Record<string, TargetFile>; from?: RoleName }): Promise<PublishedFile[]> {
    const { root, ...old } = this.#release;
    const from = ROLES.indexOf(change.from ?? "targets");
    const includes = (role: RoleName) => ROLES.indexOf(role) >= from;
    const files: PublishedFile[] = [];
    const signed = <T extends Targets | Snapshot | Timestamp>(role: RoleName, content: T): Metadata<T> => {
      const metadata = new Metadata<T>(content);
      signMetadata(metadata, this.#keys.of(root.signed, role));
      files.push({ path: metadataPath(role, content.version), content: metadataBytes(metadata) });
      return metadata;
    };

    const targets = includes("targets")
      ? signed(
          "targets",
          new Targets({ ...this.#next("targets"), targets: change.targets ?? old.targets.signed.targets }),
        )
      : old.targets;
    const snapshot = includes("snapshot")
      ? signed(
          "snapshot",
          new Snapshot({ ...this.#next("snapshot"), meta: { "targets.json": describe(targets) } }),
        )
      : old.snapshot;
    const timestamp = signed(
      "timestamp",
      new Timestamp({ ...this.#next("timestamp"), snapshotMeta: describe(snapshot) }),
    );

    for (const file of files) {
      await this.#checkpoint(`trust.publish.before-${file.path}`);
      await this.#folder.write(file);
    }
    this.#release = { root, targets, snapshot, timestamp };
    await this.#folder.prune(this.#release);
    return files;
  }

  async #replaceRoot(newKeys: readonly RoleName[]): Promise<PublishedFile> {
    const old = this.#release.root.signed;
    const version = old.version + 1;
    const root = new Root({ ...signedOptions(version, "root", this.#now()), consistentSnapshot: true });
    for (const role of ROLES) {
      const { key } = newKeys.includes(role)
        ? await this.#keys.forVersion(role, version)
        : this.#keys.of(old, role);
      root.addKey(key, role);
    }
    const metadata = new Metadata(root);
    signMetadata(metadata, this.#keys.of(old, "root"), this.#keys.of(root, "root"));
    const file = { path: metadataPath("root", version), content: metadataBytes(metadata) };
    await this.#folder.write(file);
    this.#release = { ...this.#release, root: metadata };
    return file;
  }

  #next(role: Exclude<RoleName, "root">) {
    return signedOptions(this.#release[role].signed.version + 1, role, this.#now());
  }

  #isDue(role: RoleName): boolean {
    const left = new Date(this.#release[role].signed.expires).getTime() - this.#now().getTime();
    return left < LIFETIME_MS[role] / 3;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

async function firstRoot(folder: PublishedFolder, keys: RoleKeys, now: Date): Promise<Metadata<Root>> {
  const root = new Root({ ...signedOptions(1, "root", now), consistentSnapshot: true });
  for (const role of ROLES) root.addKey((await keys.forVersion(role, 1)).key, role);
  const metadata = new Metadata(root);
  signMetadata(metadata, keys.of(root, "root"));
  await folder.write({ path: metadataPath("root", 1), content: metadataBytes(metadata) });
  return metadata;
}

/** Version 0 of everything: what the first commit counts on from. */
function emptyRelease(root: Metadata<Root>, now: Date): Release {
  return {
    root,
    targets: new Metadata(new Targets(signedOptions(0, "targets", now))),
    snapshot: new Metadata(new Snapshot(signedOptions(0, "snapshot", now))),
    timestamp: new Metadata(new Timestamp(signedOptions(0, "timestamp", now))),
  };
}

function isSignedByRoot({ root, ...release }: Release): boolean {
  try {
    for (const [role, metadata] of Object.entries(release)) root.verifyDelegate(role, metadata);
    return true;
  } catch {
    return false;
  }
}

/** TUF instants have whole seconds (section 4.2.1). */
function signedOptions(version: number, role: RoleName, now: Date) {
  const expires = new Date(now.getTime() + LIFETIME_MS[role]).toISOString().replace(/\.\d+Z$/, "Z");
  return { version, specVersion: "1.0.31", expires };
}

function describe(metadata: Metadata<Targets> | Metadata<Snapshot>): MetaFile {
  const content = metadataBytes(metadata);
  return new MetaFile({
    version: metadata.signed.version,
    length: content.length,
    hashes: { sha256: sha256Hex(content) },
  });
}
