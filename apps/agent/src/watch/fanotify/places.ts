import { fstatSync, lstatSync } from "node:fs";
import { closeDescriptor } from "../calls.ts";
import type { Territory } from "../territory.ts";
import { fsidOf, handleOf, openFolder, openHandle, pathOf } from "./calls.ts";

/** A folder of a root. */
export interface Place {
  readonly root: string;
  readonly path: string;
}

/** Folders that are remembered, inside of the roots and outside. */
const REMEMBERED = 50_000;

interface Way {
  readonly root: string;
  readonly fsid: string;
  readonly fd: number;
}

/** Finds the paths of folders that the kernel names by file handles, and remembers them. */
export class Places {
  readonly #territory: Territory;
  readonly #outside: (folder: number) => void;
  readonly #known = new Map<string, readonly Place[]>();
  #ways: Way[] = [];

  /** @param outside called with a folder, open, of which no part of a root is a child by any known way */
  constructor(territory: Territory, outside: (folder: number) => void) {
    this.#territory = territory;
    this.#outside = outside;
  }

  /** Makes a mounted file system known. @throws Error with `code` where its folders cannot be opened by handles */
  addWay(root: string, top: string): void {
    const way = { root, fsid: fsidOf(top), fd: openFolder(top) };
    try {
      const fd = openHandle(way.fd, handleOf(top));
      if (fd !== null) closeDescriptor(fd);
    } catch (error) {
      closeDescriptor(way.fd);
      throw error;
    }
    this.#ways.push(way);
    this.#known.clear();
  }

  drop(root: string): void {
    for (const way of this.#ways) if (way.root === root) closeDescriptor(way.fd);
    this.#ways = this.#ways.filter((way) => way.root !== root);
    this.#known.clear();
  }

  knows(fsid: string): boolean {
    return this.#ways.some((way) => way.fsid === fsid);
  }

  /** Folders have other names now. */
  forget(): void {
    this.#known.clear();
  }

  /** Where a folder is seen below the roots; empty where it is not, or is gone. */
  of(fsid: string, handle: string): readonly Place[] {
    const key = fsid + handle;
    const known = this.#known.get(key);
    if (known) return known;
    const found = this.#find(fsid, handle);
    if (this.#known.size >= REMEMBERED) {
      const oldest = this.#known.keys().next().value;
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(key, found);
    return found;
  }

  #find(fsid: string, handle: string): Place[] {
    const found = new Map<string, Place>();
    let seen: number | null = null;
    for (const way of this.#ways) {
      if (way.fsid !== fsid) continue;
      const fd = openHandle(way.fd, handle);
      if (fd === null) continue;
      const path = truePath(fd);
      const root = path === null ? null : this.#territory.of(path);
      if (path !== null && root !== null) found.set(path, { root, path });
      if (seen === null) seen = fd;
      else closeDescriptor(fd);
    }
    if (seen !== null) {
      if (found.size === 0) this.#outside(seen);
      closeDescriptor(seen);
    }
    return [...found.values()];
  }

  close(): void {
    for (const way of this.#ways) closeDescriptor(way.fd);
    this.#ways = [];
  }
}

/** The path of an open folder, where that path leads to it: not so below another mount, or outside of a bind mount. */
function truePath(fd: number): string | null {
  const path = pathOf(fd);
  if (path === null) return null;
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const here = fstatSync(fd, { bigint: true });
  return there && there.ino === here.ino && there.dev === here.dev ? path : null;
}
