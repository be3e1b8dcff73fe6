import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { sha256Of } from "../files/regular.ts";
import type { Database } from "../state/open.ts";
import type { Vault } from "./vault.ts";

/** A content that lies sealed on the disk. */
export interface Sealed {
  readonly object: string;
  /** Bytes of the sealed file. */
  readonly bytes: number;
}

export interface SealedObjectsOptions {
  readonly db: Database;
  readonly folder: string;
  readonly vault: Vault;
  /** Most bytes of all together. */
  readonly maxBytes: number;
}

/**
 * The sealed contents behind the quarantine's entries, each once however many entries have it. What counts the references is the
 * table of entries itself, so that no crash can leave a wrong count: a content is removed within a transaction that sees no living
 * entry of it, and taken for an entry within one that sees its file.
 */
export class SealedObjects {
  readonly #options: SealedObjectsOptions;
  /** Those that the next turn of `drop` looks at, and that turn. */
  #dropping: { readonly objects: Set<string>; readonly done: Promise<void> } | null = null;
  #dropped: Promise<void> = Promise.resolve();
  /** Objects that were opened and found sound by this process, with the marks of their files. */
  readonly #sound = new Map<string, string>();

  constructor(options: SealedObjectsOptions) {
    this.#options = options;
  }

  #file(object: string): string {
    return join(this.#options.folder, `${object}.age`);
  }

  async used(): Promise<number> {
    const { bytes } = await this.#options.db
      .selectFrom("sealed")
      .select((eb) => eb.fn.coalesce(eb.fn.sum<number>("bytes"), eb.lit(0)).as("bytes"))
      .executeTakeFirstOrThrow();
    return Number(bytes);
  }

  /**
   * Seals a content, or finds it sealed already. It is an entry's only once `keep` was part of the entry's transaction.
   * @throws ThymusError TOO_LARGE where it would be more than `maxBytes`
   */
  async put(bytes: Uint8Array, sha256: string): Promise<Sealed> {
    const { folder, maxBytes, vault } = this.#options;
    const object = vault.nameOf(sha256);
    const there = await this.#present(object, sha256);
    if (there) return there;
    const sealed = await vault.seal(bytes);
    const used = await this.used();
    if (used + sealed.length > maxBytes)
      throw new ThymusError(
        "TOO_LARGE",
        `the quarantine is full: ${used} of ${maxBytes} bytes are used`,
        "delete entries with `thymus quarantine delete`, or raise agent.quarantineBytes",
      );
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#file(object), sealed);
    this.#sound.set(object, await this.#marks(object));
    await failpoint("agent.vault.sealed");
    return { object, bytes: sealed.length };
  }

  /** One that is there already is opened before it is relied on: the original will be gone. */
  async #present(object: string, sha256: string): Promise<Sealed | null> {
    try {
      const marks = await this.#marks(object);
      const sealed = await readFile(this.#file(object));
      if (this.#sound.get(object) !== marks) {
        if (sha256Of(await this.#options.vault.open(sealed)) !== sha256) return null;
        this.#sound.set(object, marks);
      }
      return { object, bytes: sealed.length };
    } catch {
      return null;
    }
  }

  async #marks(object: string): Promise<string> {
    const { ino, size, mtimeNs, ctimeNs } = await stat(this.#file(object), { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(" ");
  }

  /**
   * Part of the transaction that makes an entry, which must have written before: from then on nobody removes the file.
   * @throws ThymusError CONFLICT where it was removed meanwhile: seal it again
   */
  async keep(trx: Database, { object, bytes }: Sealed): Promise<void> {
    await trx
      .insertInto("sealed")
      .values({ object, bytes })
      .onConflict((conflict) => conflict.column("object").doUpdateSet({ bytes }))
      .execute();
    if (!existsSync(this.#file(object)))
      throw new ThymusError("CONFLICT", "a sealed original was removed meanwhile", "it is looked at again");
  }

  async read(object: string): Promise<Uint8Array> {
    return this.#options.vault.open(await readFile(this.#file(object)));
  }

  /** Removes a sealed content that became nobody's, unless another entry has it. */
  async discard({ object, bytes }: Sealed): Promise<void> {
    await this.#options.db
      .insertInto("sealed")
      .values({ object, bytes })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await this.drop([object]);
  }

  /** Removes those of these that no living entry has; whoever asks while a turn of that runs is part of the next one. */
  drop(objects: Iterable<string>): Promise<void> {
    if (!this.#dropping) {
      const wanted = new Set<string>();
      const done = this.#dropped.then(() => {
        this.#dropping = null;
        return this.#dropAll([...wanted]);
      });
      this.#dropping = { objects: wanted, done };
      this.#dropped = done.catch(() => {});
    }
    for (const object of objects) this.#dropping.objects.add(object);
    return this.#dropping.done;
  }

  async #dropAll(wanted: readonly string[]): Promise<void> {
    for (let at = 0; at < wanted.length; at += 500) {
      const part = wanted.slice(at, at + 500);
      await this.#options.db.transaction().execute(async (trx) => {
        // A write first: from here on no other process makes an entry until this has ended.
        const unneeded = await trx
          .deleteFrom("sealed")
          .where("object", "in", part)
          .where((eb) =>
            eb.not(
              eb.exists(
                eb
                  .selectFrom("quarantine")
                  .select("quarantine.id")
                  .whereRef("quarantine.object", "=", "sealed.object")
                  .where("quarantine.state", "in", ["held", "repaired"]),
              ),
            ),
          )
          .returning("object")
          .execute();
        for (const { object } of unneeded) this.#sound.delete(object);
        await Promise.all(unneeded.map(({ object }) => rm(this.#file(object), { force: true })));
      });
    }
  }

  /** Removes what a crash between two steps left: sealed files without an entry, and half-written ones. */
  async sweep(): Promise<void> {
    const { db, folder } = this.#options;
    const orphans = await db
      .selectFrom("sealed")
      .select("object")
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom("quarantine")
              .select("quarantine.id")
              .whereRef("quarantine.object", "=", "sealed.object")
              .where("quarantine.state", "in", ["held", "repaired"]),
          ),
        ),
      )
      .execute();
    await this.drop(orphans.map(({ object }) => object));
    const kept = new Set(
      (await db.selectFrom("sealed").select("object").execute()).map(({ object }) => `${object}.age`),
    );
    for (const name of await readdir(folder).catch(() => []))
      if (!kept.has(name)) await rm(join(folder, name), { force: true });
  }
}
