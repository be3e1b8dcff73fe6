import { fstatSync, readFileSync } from "node:fs";

/** Names of the owners of files, for rules that ask for them. */
export class Owners {
  readonly #names = new Map<number, string>();

  constructor(table = readTable()) {
    for (const line of table.split("\n")) {
      const [name, , uid] = line.split(":");
      if (name && uid && !this.#names.has(Number(uid))) this.#names.set(Number(uid), name);
    }
  }

  of(fd: number): string {
    const { uid } = fstatSync(fd);
    return this.#names.get(uid) ?? String(uid);
  }
}

function readTable(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}
