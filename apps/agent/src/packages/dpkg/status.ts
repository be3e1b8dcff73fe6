import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** What dpkg's status says of one package. */
export interface PackageStatus {
  readonly package: string;
  readonly architecture: string;
  readonly version: string;
  /** Third word of Status: `installed`, `unpacked`, `half-configured` ... (dpkg(1)) */
  readonly state: string;
  /** Name of its files in DIR/info. */
  readonly info: string;
  /** Canonical names are made by the caller: name without the first slash, and MD5. */
  readonly conffiles: readonly (readonly [name: string, md5: string])[];
}

/** Stanzas of a status file, by info name. A field that is missing is empty. */
export function parseStatus(text: string): Map<string, PackageStatus> {
  const found = new Map<string, PackageStatus>();
  for (const stanza of text.split(/\n\s*\n/)) {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(stanza)?.[1]?.trim() ?? "";
    const name = field("Package");
    if (name === "") continue;
    const architecture = field("Architecture");
    const info = field("Multi-Arch") === "same" ? `${name}:${architecture}` : name;
    const conffiles = /^Conffiles:\n((?: .*(?:\n|$))+)/m.exec(stanza)?.[1] ?? "";
    found.set(info, {
      ...{ package: name, architecture, info, version: field("Version") },
      state: field("Status").split(" ")[2] ?? "",
      conffiles: [...conffiles.matchAll(/^ \/?(.+) ([0-9a-f]{32})(?: .*)?$/gm)].map(
        ([, path, md5]) => [path!, md5!] as const,
      ),
    });
  }
  return found;
}

interface Update {
  readonly stamp: string;
  readonly stanzas: ReadonlyMap<string, PackageStatus>;
}

/**
 * The status file, and what dpkg wrote down since in DIR/updates. dpkg writes the large file seldom and the small ones often: each is read
 * again only where its time stamp changed.
 */
export class StatusFile {
  readonly #folder: string;
  #stamp = "";
  #main: ReadonlyMap<string, PackageStatus> = new Map();
  #updates = new Map<string, Update>();
  /** The newest word about each package. */
  packages: ReadonlyMap<string, PackageStatus> = new Map();

  /** @param folder DIR, usually /var/lib/dpkg */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async refresh(): Promise<void> {
    const path = join(this.#folder, "status");
    // dpkg writes the large file and then removes the small ones: who comes in between would see a state that never was.
    do await this.#read(path);
    while ((await stampOf(path)) !== this.#stamp);
  }

  async #read(path: string): Promise<void> {
    const stamp = await stampOf(path);
    let changed = stamp !== this.#stamp;
    if (changed) {
      this.#main = parseStatus(await readFile(path, "utf8").catch(() => ""));
      this.#stamp = stamp;
    }
    const names = await readdir(join(this.#folder, "updates")).catch(() => []);
    const updates = new Map<string, Update>();
    for (const name of names.filter((each) => /^\d+$/.test(each)).sort()) {
      const file = join(this.#folder, "updates", name);
      const now = await stampOf(file);
      const before = this.#updates.get(name);
      const same = before?.stamp === now;
      const stanzas = same ? before.stanzas : parseStatus(await readFile(file, "utf8").catch(() => ""));
      updates.set(name, { stamp: now, stanzas });
      changed ||= !same;
    }
    if (!changed && updates.size === this.#updates.size) return;
    this.#updates = updates;
    const all = new Map(this.#main);
    for (const { stanzas } of updates.values()) for (const [info, status] of stanzas) all.set(info, status);
    this.packages = all;
  }
}

async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : "-";
}
