import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { readCgroup } from "../processes/proc-files.ts";
import { type ContainerName, containerOfGroup } from "./names.ts";
import { type Overlay, parseOverlays } from "./overlays.ts";
import { storedContainers } from "./stored.ts";

export interface ContainerPlace extends ContainerName {
  /** Path inside of the container. */
  readonly path: string;
}

export interface ContainerSource {
  /** Folder of this machine, in which runtimes keep what they have. */
  readonly root?: string;
  /** Control group of a process. */
  readonly groupOf?: (pid: number) => string | null;
}

/** Containers of one file that are named: a layer may be below hundreds. */
const MOST = 8;

/**
 * Running and stored containers of this machine by what their runtimes leave on it: mounts, control groups and folders. A layer that
 * several containers stand on is one folder here.
 */
export class Containers {
  /** Folders of this machine that hold a container's files, with whose they are. */
  readonly #layers = new Map<string, ContainerName[]>();
  /** Roots of running containers that have no layers here, by a process in them. */
  readonly #live = new Map<string, ContainerName>();

  static find({ root = "/", groupOf = readCgroup }: ContainerSource = {}): Containers {
    const found = new Containers();
    for (const { layers, ...name } of storedContainers(root))
      for (const layer of layers) found.#add(layer, name);
    const nameless: Overlay[] = [];
    for (const [pid, name] of namespaces(groupOf)) {
      const overlays = overlaysOf(pid);
      const top = overlays.find(({ point }) => point === "/");
      // What this process itself sees is its own machine, also where that is a container.
      if (!name || sameNamespace(pid)) {
        nameless.push(...overlays);
        continue;
      }
      const layers = top ? [...(top.upper === null ? [] : [top.upper]), ...top.lower] : [];
      if (layers.length > 0 && layers.every(isFolder)) for (const layer of layers) found.#add(layer, name);
      else found.#live.set(`/proc/${pid}/root`, name);
    }
    // Not what the machine itself is made of, which some lay over, too (/usr, /etc).
    for (const { point, upper, lower } of nameless)
      for (const layer of upper === null ? [] : [upper, ...lower])
        if (layer.split("/").length > 3 && isFolder(layer) && !found.#layers.has(realpathSync(layer)))
          found.#add(layer, { runtime: "overlay", id: point });
    return found;
  }

  #add(folder: string, name: ContainerName): void {
    const layer = realpathSync(folder);
    // The root of this machine itself may stand below an overlay.
    if (layer === "/") return;
    const names = this.#layers.get(layer) ?? [];
    // A number of a snapshot says less than the container that has it.
    const known = names.filter(
      ({ id, runtime }) => !(runtime === name.runtime && id.startsWith("snapshot ")),
    );
    if (!known.some(({ id, runtime }) => id === name.id && runtime === name.runtime)) known.push(name);
    this.#layers.set(layer, name.id.startsWith("snapshot ") && names.length > 0 ? names : known);
  }

  /** What is to be scanned, each layer once. */
  get paths(): string[] {
    const live = [...this.#live.keys()].flatMap((root) => {
      try {
        return readdirSync(root, { withFileTypes: true })
          .filter((entry) => entry.isDirectory() || entry.isFile())
          .map(({ name }) => join(root, name));
      } catch {
        return [];
      }
    });
    const layers = [...this.#layers.keys()].sort();
    // One that lies within another is reached by that.
    return [...layers.filter((each) => !layers.some((other) => each.startsWith(`${other}/`))), ...live];
  }

  /** How many containers were found. */
  get size(): number {
    const names = [...this.#layers.values()].flat().concat([...this.#live.values()]);
    return new Set(names.map(({ runtime, id }) => `${runtime} ${id}`)).size;
  }

  /** In which containers a file of this machine is seen, and where there; empty for what is in none. A layer above may hide it. */
  placesOf(path: string): ContainerPlace[] {
    for (let folder = path; folder.length > 1; folder = folder.slice(0, folder.lastIndexOf("/"))) {
      const live = this.#live.get(folder);
      const names = this.#layers.get(folder) ?? (live ? [live] : null);
      if (names)
        return names.slice(0, MOST).map((name) => ({ ...name, path: path.slice(folder.length) || "/" }));
    }
    return [];
  }
}

/** One process of each mount namespace, with its container's name; one in a container's control group before others. */
function namespaces(groupOf: (pid: number) => string | null): Map<number, ContainerName | null> {
  const seen = new Map<string, { pid: number; name: ContainerName | null }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    try {
      const namespace = `${readlinkSync(`/proc/${pid}/ns/mnt`)} ${readlinkSync(`/proc/${pid}/root`)}`;
      if (seen.get(namespace)?.name) continue;
      seen.set(namespace, { pid, name: containerOfGroup(groupOf(pid) ?? "") });
    } catch {
      // It has ended.
    }
  }
  return new Map([...seen.values()].map(({ pid, name }) => [pid, name]));
}

function sameNamespace(pid: number): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync("/proc/self/ns/mnt") &&
      readlinkSync(`/proc/${pid}/root`) === "/"
    );
  } catch {
    return false;
  }
}

function overlaysOf(pid: number): Overlay[] {
  try {
    return parseOverlays(readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  try {
    return path.startsWith("/") && statSync(path).isDirectory();
  } catch {
    return false;
  }
}
