/** How far it was followed that a content is what a package brought. */
export type VouchLevel =
  /** The package manager's own manifest on this machine says so; nothing signed was looked at. */
  | "manifest"
  /** A lockfile has the digest of an archive that has it. Both are the owner's of the project to write: it is judged, as a dependency. */
  | "pinned"
  /** A signature leads to it. */
  | "signed";

/** A content that a package manager answers for. */
export interface Vouch {
  readonly package: string;
  readonly version: string;
  readonly level: VouchLevel;
}

/** What a package manager says about a path, whatever lies there. */
export interface Claim {
  readonly package: string;
  readonly version: string;
  /**
   * `file`: its manifest has a digest of it; `conffile`: the owner may change it; `control`: a script of the package manager about
   * the package; `unlisted`: a file of the package of which no digest is known; `dependency`: it came together with a change of a lockfile.
   */
  readonly kind: "file" | "conffile" | "control" | "unlisted" | "dependency";
  /** The package is being unpacked, configured or removed at this moment: its files change. */
  readonly underway: boolean;
  /** Why the manifest is not believed (it changed although nothing was installed); null where it is. */
  readonly doubt: string | null;
}

/** A file as its package brings it. */
export interface Original {
  readonly package: string;
  readonly version: string;
  readonly bytes: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Mode and owner are what the machine's owner fixed for it (dpkg-statoverride), not the package's. */
  readonly fixed?: boolean;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: string;
  /** Where the archive came from. */
  readonly from: "cache" | "download";
  /** The package gives it capabilities when it is configured, which no archive holds. */
  readonly capable: boolean;
}

/** Whether a signed archive agrees with what lies on this machine. */
export interface Confirmation {
  readonly package: string;
  readonly version: string;
  /** Null where it agrees. */
  readonly contradicts: string | null;
  /** Paths to be judged anew. */
  readonly paths: readonly string[];
}

/** Answers for the files of a system: did a package manager put exactly this content there? */
export interface PackageManager {
  /** Paths of `contents` whose content a package manager answers for. */
  vouches(contents: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Vouch>>;
  /**
   * Whose file this is; null for what belongs to no package. Quick: nothing is read unless packages changed.
   * @param age milliseconds since which packages may have changed unnoticed, for who asks about many paths; default: none
   */
  claim(path: string, age?: number): Promise<Claim | null>;
  /** Every path that a package manifest names, with the MD5 digests of the contents that it may have. */
  contents(): Promise<Map<string, string[]>>;
  /** Changes whenever packages may have changed. */
  stamp(): Promise<string>;
  /** True while it is at work: its manifests come after its files. */
  busy(): Promise<boolean>;
  /**
   * A file as its package has it, out of an archive that a signature leads to. Takes seconds.
   * @param fetch whether the archive may be fetched where it is not on this machine
   */
  original(
    path: string,
    fetch: boolean,
    signal?: AbortSignal,
  ): Promise<Original | { readonly refused: string }>;
  /** Compares with the signed archives that are on this machine; of a package without one nothing is said. Takes seconds. */
  confirm(packages: readonly Pick<Vouch, "package" | "version">[]): Promise<Confirmation[]>;
  /** What a person should know, e.g. that its database cannot be read. */
  notices?(): Promise<readonly string[]>;
}
