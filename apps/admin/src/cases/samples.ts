import { createHash } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CaseId } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts";
import { syncFolder, TEMPORARY_PREFIX, temporaryFor } from "@thymus/store";

/** How an age file starts: anything else is refused before it is stored. https://age-encryption.org/v1 */
const AGE_MAGIC = Buffer.from("age-encryption.org/v1\n");

/**
 * Sealed samples as opaque files, one a case. Nothing here can open them: the key is the analysis centre's alone.
 */
export class SampleStore {
  readonly #folder: string;
  readonly #maxBytes: number;

  private constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** @param maxPlainBytes largest sample before it was sealed; the seal's own bytes are added */
  static async open(folder: string, maxPlainBytes: number): Promise<SampleStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new SampleStore(folder, sealedSize(maxPlainBytes));
  }

  fileOf(id: CaseId): string {
    return join(this.#folder, `${id}.age`);
  }

  /**
   * Writes a stream to disk; the case's file appears only when it is whole, of the given digest, and durable.
   * @param plainBytes size of the sample as its machine told it, sealed: what is too long although that fits was made
   * longer on the way, which is no reason for the machine to give up
   * @throws ThymusError TOO_LARGE, SEAL_BROKEN
   */
  async write(
    id: CaseId,
    stream: AsyncIterable<Uint8Array>,
    sha256: string,
    plainBytes: number,
  ): Promise<void> {
    const file = this.fileOf(id);
    const temporary = temporaryFor(file);
    const hash = createHash("sha256");
    try {
      const handle = await open(temporary, "wx", 0o600);
      try {
        let size = 0;
        let head = Buffer.alloc(0);
        for await (const chunk of stream) {
          size += chunk.length;
          if (size > this.#maxBytes) {
            if (sealedSize(plainBytes) <= this.#maxBytes) throw broken("it is longer than its sample");
            throw new ThymusError(
              "TOO_LARGE",
              `the sealed sample has more than ${this.#maxBytes} bytes`,
              "raise admin.maxSampleBytes, or look at the file by hand",
            );
          }
          if (head.length < AGE_MAGIC.length) {
            head = Buffer.concat([head, chunk]).subarray(0, AGE_MAGIC.length);
          }
          hash.update(chunk);
          await handle.writeFile(chunk);
        }
        if (!head.equals(AGE_MAGIC)) throw broken("it is no age file");
        if (hash.digest("hex") !== sha256) throw broken("its bytes are not those that the machine signed");
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      await syncFolder(this.#folder);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** @throws ThymusError NOT_FOUND */
  async read(id: CaseId): Promise<ReadStream> {
    const handle = await open(this.fileOf(id), "r").catch(() => {
      throw new ThymusError("NOT_FOUND", `no sample is stored for ${id}`, "open the case again");
    });
    return createReadStream("", { fd: handle });
  }

  async remove(id: CaseId): Promise<void> {
    await rm(this.fileOf(id), { force: true });
  }

  /** Removes what a killed process left behind, and the samples of cases that have ended. */
  async sweep(isOpen: (id: string) => Promise<boolean>): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const keep = name.endsWith(".age") && (await isOpen(name.slice(0, -".age".length)));
      if (name.startsWith(TEMPORARY_PREFIX) || !keep) await rm(join(this.#folder, name), { force: true });
    }
  }
}

/** Bytes that age makes of a sample at most: 16 bytes of tag for each 64 KiB, and a header. */
function sealedSize(plainBytes: number): number {
  return plainBytes + Math.ceil(plainBytes / 65536) * 16 + 8192;
}

function broken(why: string): ThymusError {
  return new ThymusError("SEAL_BROKEN", `the sealed sample is refused: ${why}`, "seal and send it again");
}
