import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";
import { makePrivateFolder, removeLeftovers, writePrivateFile } from "../files/atomic.ts";
import {
  METADATA_FOLDER,
  metadataPath,
  type PublishedFile,
  type RoleName,
  TARGETS_FOLDER,
  targetPath,
} from "./repository.ts";

/** Older versions stay for clients that are in the middle of a refresh. */
const KEPT_VERSIONS = 10;

/** What a repository says at one moment. */
export interface Release {
  readonly root: Metadata<Root>;
  readonly targets: Metadata<Targets>;
  readonly snapshot: Metadata<Snapshot>;
  readonly timestamp: Metadata<Timestamp>;
}

/** The repository as files. `timestamp.json` is the point of commit: what it does not lead to is not published. */
export class PublishedFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    for (const name of [METADATA_FOLDER, TARGETS_FOLDER]) await makePrivateFolder(join(this.#folder, name));
    await removeLeftovers(join(this.#folder, METADATA_FOLDER));
  }

  async write(file: PublishedFile): Promise<void> {
    const path = join(this.#folder, file.path);
    await makePrivateFolder(dirname(path));
    await writePrivateFile(path, file.content);
  }

  async read(path: string): Promise<PublishedFile> {
    return { path, content: await readFile(join(this.#folder, path)) };
  }

  /** All root versions, oldest first: a client walks through them. */
  async rootVersions(): Promise<number[]> {
    const names = await readdir(join(this.#folder, METADATA_FOLDER));
    const versions = names.map((name) => Number(/^([1-9]\d*)\.root\.json$/.exec(name)?.[1]));
    return versions.filter((version) => version > 0).sort((a, b) => a - b);
  }

  /** @throws ThymusError STORE_FAILED where a file is missing or damaged */
  async load(rootVersion: number): Promise<Omit<Release, "root"> & { root: Metadata<Root> }> {
    const root = await this.loadRoot(rootVersion);
    const timestamp = await this.#load<Timestamp>("timestamp", 0, MetadataKind.Timestamp);
    const snapshot = await this.#load<Snapshot>(
      "snapshot",
      timestamp.signed.snapshotMeta.version,
      MetadataKind.Snapshot,
    );
    const targetsVersion = snapshot.signed.meta["targets.json"]?.version ?? 0;
    return {
      root,
      timestamp,
      snapshot,
      targets: await this.#load("targets", targetsVersion, MetadataKind.Targets),
    };
  }

  loadRoot(version: number): Promise<Metadata<Root>> {
    return this.#load<Root>("root", version, MetadataKind.Root);
  }

  /** True once a first release was committed. */
  hasRelease(): boolean {
    return existsSync(join(this.#folder, metadataPath("timestamp", 0)));
  }

  /** Every file of a release in the order in which they may appear elsewhere: timestamp last. */
  async filesOf(release: Release): Promise<PublishedFile[]> {
    const paths = [
      ...Object.values(release.targets.signed.targets).map((t) => targetPath(t.path, t.hashes.sha256 ?? "")),
      ...(await this.rootVersions()).map((version) => metadataPath("root", version)),
      metadataPath("targets", release.targets.signed.version),
      metadataPath("snapshot", release.snapshot.signed.version),
      metadataPath("timestamp", release.timestamp.signed.version),
    ];
    return await Promise.all(paths.map((path) => this.read(path)));
  }

  /** Removes superseded metadata but for the last versions. Roots stay for ever. */
  async prune(release: Release): Promise<void> {
    const newest = { targets: release.targets.signed.version, snapshot: release.snapshot.signed.version };
    for (const name of await readdir(join(this.#folder, METADATA_FOLDER))) {
      const [, version, role] = /^(\d+)\.(targets|snapshot)\.json$/.exec(name) ?? [];
      if (role === undefined || Number(version) > newest[role as keyof typeof newest] - KEPT_VERSIONS)
        continue;
      await rm(join(this.#folder, METADATA_FOLDER, name), { force: true });
    }
  }

  async #load<T extends Root | Snapshot | Targets | Timestamp>(
    role: RoleName,
    version: number,
    kind: MetadataKind,
  ): Promise<Metadata<T>> {
    const path = metadataPath(role, version);
    try {
      const { content } = await this.read(path);
      return parseMetadata<T>(kind, content);
    } catch (cause) {
      throw new ThymusError(
        "STORE_FAILED",
        `${join(this.#folder, path)} is missing or damaged`,
        "restore the repository's folder from a backup",
        { cause },
      );
    }
  }
}

/** Throws whatever the parser throws; the caller says what that means. */
export function parseMetadata<T extends Root | Snapshot | Targets | Timestamp>(
  kind: MetadataKind,
  content: Uint8Array,
): Metadata<T> {
  const json = JSON.parse(Buffer.from(content).toString("utf8"));
  // The overloads of fromJSON take one literal kind each; here the caller has chosen kind and type together.
  const fromJSON = Metadata.fromJSON as unknown as (kind: MetadataKind, json: unknown) => Metadata<T>;
  return fromJSON.call(Metadata, kind, json);
}

export function metadataBytes(metadata: { toJSON(): unknown }): Uint8Array {
  return Buffer.from(`${JSON.stringify(metadata.toJSON())}\n`);
}

export function sha256Hex(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
