import { createHash, hash } from "node:crypto";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Claim, Confirmation, Original, PackageManager, Vouch } from "../manager.ts";
import { confirmAll } from "./confirm.ts";
import { type Diversion, listedName, readDiversions } from "./diversions.ts";
import { readHistory } from "./history.ts";
import { Locks } from "./locks.ts";
import { type Listed, Manifests, sumsOf } from "./manifests.ts";
import { originalOf } from "./original.ts";
import { type PackageStatus, StatusFile } from "./status.ts";
import { Tree } from "./tree.ts";
import { type Memory, shortMemory, Trusted } from "./trusted.ts";

export interface DpkgOptions {
  /** Folder of the system whose packages these are. */
  readonly root?: string;
  /** dpkg's folder. */
  readonly admin?: string;
  /** dpkg.log */
  readonly log?: string;
  /** Settings for apt beside its own (APT_CONFIG). */
  readonly aptConfig?: string | null;
  /** Where the manifests that were believed are remembered; left out: only as long as this lives. */
  readonly memory?: Memory;
}

/** Names that dpkg gives to a file beside the one that it is about. */
const BESIDE = /\.dpkg-(?:new|dist)$/;
const CONTROL = /\/([^/]+)\.(?:preinst|postinst|prerm|postrm|config|triggers)$/;
const SETTLED = new Set([
  "installed",
  "config-files",
  "not-installed",
  "triggers-pending",
  "triggers-awaited",
  "",
]);
/** Milliseconds for which manifests that may have changed are good enough while dpkg is at work, for a first look. */
const STALE = 2000;
/** Nanoseconds between a package's list of files and its scripts: dpkg puts all of them in place at once. */
const TOGETHER = 5000n * 1_000_000n;

/** A package's name, version and digests of one file. */
export interface Owner extends PackageStatus {
  readonly listed: readonly string[];
  readonly kind: Claim["kind"];
  /** Under which canonical name the package has the file. */
  readonly name: string;
}

/**
 * dpkg: manifests, status, conffiles, diversions and locks of one system. All of it is in memory and read again only where a time
 * stamp says that it changed.
 */
export class Dpkg implements PackageManager {
  readonly trusted: Trusted;
  readonly admin: string;
  readonly root: string;
  readonly aptConfig: string | null;
  readonly #log: string;
  readonly #locks: Locks;
  readonly #manifests: Manifests;
  #tree: Tree | null = null;
  #stamp = "";
  readonly #status: StatusFile;
  #read = Number.NEGATIVE_INFINITY;
  /** When what was read was found to be as it is. */
  #looked = Number.NEGATIVE_INFINITY;
  #conffiles = new Map<string, { info: string; md5: string }[]>();
  #diversions: Diversion[] = [];
  /** Digests of scripts that a signed archive denies. */
  readonly #denied = new Map<string, string>();
  #refreshing: Promise<void> | null = null;

  constructor({ root = "/", admin, aptConfig = null, log, memory }: DpkgOptions = {}) {
    this.aptConfig = aptConfig;
    this.root = root;
    this.admin = admin ?? join(root, "var/lib/dpkg");
    this.#log = log ?? join(root, "var/log/dpkg.log");
    this.#locks = new Locks(this.admin);
    this.#status = new StatusFile(this.admin);
    this.#manifests = new Manifests(join(this.admin, "info"));
    this.trusted = new Trusted(memory ?? shortMemory());
  }

  async stamp(): Promise<string> {
    const times = ["status", "updates", "info", "diversions"].map((name) =>
      stat(join(this.admin, name), { bigint: true }).then(
        ({ mtimeNs, ino }) => `${ino}:${mtimeNs}`,
        () => "-",
      ),
    );
    return (await Promise.all(times)).join(" ");
  }

  busy(): Promise<boolean> {
    return this.#locks.held();
  }

  notices(): Promise<string[]> {
    return this.#locks.notices();
  }

  /**
   * Reads again what changed; who asks meanwhile waits for the same reading.
   * @param age milliseconds for which the last look at what changed is good enough
   * @param roughly while dpkg is at work, what was read a moment ago is good enough: each package changes the stamp several times
   */
  async #refresh(roughly = false, age = 0): Promise<Tree> {
    while (this.#refreshing) await this.#refreshing;
    if (this.#tree && performance.now() - this.#looked < age) return this.#tree;
    if (roughly && this.#tree && performance.now() - this.#read < STALE && (await this.busy()))
      return this.#tree;
    const looked = performance.now();
    const stamp = await this.stamp();
    if (!this.#refreshing && stamp === this.#stamp) this.#looked = looked;
    if (!this.#refreshing && stamp !== this.#stamp)
      this.#refreshing = this.#readAll(stamp).finally(() => {
        this.#refreshing = null;
      });
    await this.#refreshing;
    return this.#tree!;
  }

  async #readAll(stamp: string): Promise<void> {
    const tree = await Tree.of(this.root);
    this.#read = performance.now();
    const changed = await this.#manifests.refresh(tree);
    await this.#status.refresh();
    this.#diversions = await readDiversions(this.admin, tree);
    this.#conffiles = new Map();
    for (const { info, conffiles } of this.#status.packages.values())
      for (const [path, md5] of conffiles) {
        const name = tree.canonical(path);
        this.#conffiles.set(name, [...(this.#conffiles.get(name) ?? []), { info, md5 }]);
      }
    await this.trusted.judge(changed, this.#manifests, this.#status.packages, () => readHistory(this.#log));
    this.#tree = tree;
    this.#stamp = stamp;
  }

  /** Every package that has a file at this path, with the digests that its manifest or status knows. */
  async owners(path: string, roughly = false, age = 0): Promise<Owner[]> {
    const tree = await this.#refresh(roughly, age);
    const name = tree.nameOf(path);
    if (name === null) return [];
    const found: Owner[] = [];
    const add = (info: string, listed: string | null, kind: Claim["kind"], as: string) => {
      const status = this.#status.packages.get(info) ?? unknown(info);
      found.push({ ...status, kind, name: as, listed: listed === null ? [] : [listed] });
    };
    const names = new Set([name, ...this.#diversions.flatMap(({ from, to }) => (to === name ? [from] : []))]);
    for (const each of names) {
      const here = ({ info }: Pick<Listed, "info">) =>
        listedName(this.#diversions, name, info.split(":")[0]!).includes(each);
      for (const listed of this.#manifests.find(each))
        if (here(listed)) add(listed.info, listed.md5, listed.md5 === null ? "unlisted" : "file", each);
      for (const listed of this.#conffiles.get(each) ?? [])
        if (here(listed)) add(listed.info, listed.md5, "conffile", each);
    }
    const control = path.startsWith(`${this.admin}/info/`) ? CONTROL.exec(path)?.[1] : undefined;
    if (control && this.#status.packages.has(control)) add(control, null, "control", name);
    return found;
  }

  async claim(path: string, age = 0): Promise<Claim | null> {
    const owners = await this.owners(path, true, age);
    // A conffile may stand in a list without digests, too.
    const owner =
      owners.find(({ kind }) => kind === "conffile") ??
      owners.find(({ kind }) => kind === "file") ??
      owners[0];
    if (!owner) return null;
    const underway = (await this.busy()) && (await this.#underway(owners));
    const { version, kind } = owner;
    return { package: owner.package, version, kind, underway, doubt: this.trusted.doubt(owner.info) };
  }

  async #underway(owners: readonly Owner[]): Promise<boolean> {
    await this.#status.refresh();
    return owners.some(({ info }) => !SETTLED.has(this.#status.packages.get(info)?.state ?? ""));
  }

  async vouches(contents: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Vouch>> {
    const vouched = new Map<string, Vouch>();
    for (const [path, bytes] of contents) {
      const owners = await this.owners(path.replace(BESIDE, ""));
      if (owners.length === 0) continue;
      const md5 = createHash("md5").update(bytes).digest("hex");
      const by = owners.find(({ info, listed }) => listed.includes(md5) && this.trusted.doubt(info) === null);
      const control = by ? undefined : owners.find(({ kind }) => kind === "control");
      const owner = by ?? (control && (await this.#cameWith(control, path, bytes)) ? control : undefined);
      if (owner) vouched.set(path, { package: owner.package, version: owner.version, level: "manifest" });
    }
    return vouched;
  }

  /**
   * No manifest has a package's own scripts. dpkg puts them in place in the moment in which it writes the package's list of files; a script
   * that changed at another time did not come with it.
   */
  async #cameWith({ info }: Owner, path: string, bytes: Uint8Array): Promise<boolean> {
    if (this.#denied.get(path) === hash("sha256", bytes)) return false;
    const changed = (file: string) =>
      lstat(file, { bigint: true }).then(
        ({ ctimeNs }) => ctimeNs,
        () => null,
      );
    const list = await changed(join(this.admin, "info", `${info}.list`));
    const script = await changed(path);
    if (list === null || script === null || this.trusted.doubt(info) !== null) return false;
    const apart = list > script ? list - script : script - list;
    return apart <= TOGETHER;
  }

  async contents(): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    const info = join(this.admin, "info");
    const prefix = this.root === "/" ? "" : this.root;
    for (const name of await readdir(info).catch(() => [])) {
      if (!name.endsWith(".md5sums")) continue;
      const text = await readFile(join(info, name), "utf8").catch(() => "");
      for (const [listed, md5] of sumsOf(text)) {
        const path = `${prefix}/${listed.replace(/^\.?\//, "")}`;
        found.set(path, [...(found.get(path) ?? []), md5]);
      }
    }
    return found;
  }

  original(
    path: string,
    fetch: boolean,
    signal?: AbortSignal,
  ): Promise<Original | { readonly refused: string }> {
    return originalOf(this, path, fetch, signal);
  }

  async confirm(packages: readonly Pick<Vouch, "package" | "version">[]): Promise<Confirmation[]> {
    await this.#refresh();
    const wanted = new Set(packages.map(({ package: name, version }) => `${name} ${version}`));
    const there = [...this.#status.packages.values()].filter((each) =>
      wanted.has(`${each.package} ${each.version}`),
    );
    return confirmAll(this, there);
  }

  /** Digest of the manifest of a package as it is in memory. @param info name of its files in DIR/info */
  manifestOf(info: string): string | null {
    return this.#manifests.digest(info);
  }

  /** Paths of a package's manifest. */
  async filesOf(info: string): Promise<string[]> {
    const tree = await this.#refresh();
    const text = await readFile(join(this.admin, "info", `${info}.md5sums`), "utf8").catch(() => "");
    return sumsOf(text).map(([name]) => tree.pathOf(tree.canonical(name)));
  }

  /** A script of a package is not the one of its signed archive. */
  deny(path: string, sha256: string): void {
    this.#denied.set(path, sha256);
  }

  /** The system's root, as dpkg names files. */
  tree(): Promise<Tree> {
    return this.#refresh();
  }
}

/** A manifest without a status: dpkg does not say what it is. */
const unknown = (info: string): PackageStatus => ({
  ...{ package: info.split(":")[0]!, info, architecture: info.split(":")[1] ?? "" },
  ...{ version: "", state: "", conffiles: [] },
});
