import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Sha256, ThymusError } from "@thymus/contracts";
import { replaceFile } from "../files/atomic.ts";
import { openStream, sealStream } from "./seal.ts";

const CHUNK_BYTES = 64 * 1024;

/** What was written: digest and size in bytes. */
export interface Written {
  readonly sha256: Sha256;
  readonly size: number;
}

/**
 * Encrypts a file to an age recipient, streaming. Digest and size are those of the ciphertext.
 * @throws ThymusError NOT_FOUND, NOT_A_FILE, UNREADABLE, KEY_INVALID, STORE_FAILED; then there is no destination
 */
export async function sealSample(source: string, recipient: string, destination: string): Promise<Written> {
  return await withSource(source, async (handle) => {
    const sealed = await sealStream(streamOf(handle, source), recipient);
    return await writeStream(sealed, destination, Number.POSITIVE_INFINITY);
  });
}

/**
 * Decrypts a sealed file, streaming. Digest and size are those of the plaintext, which must be compared with what was
 * announced: age proves that the bytes are whole, not who sealed them. The destination (mode 0600, never executable)
 * appears only when every byte was authentic.
 * @throws ThymusError SEAL_BROKEN, TOO_LARGE (plaintext above `maxBytes`), NOT_FOUND, NOT_A_FILE, UNREADABLE, STORE_FAILED
 */
export async function openSample(
  sealed: string,
  identity: string,
  destination: string,
  maxBytes: number,
): Promise<Written> {
  return await withSource(sealed, async (handle) => {
    const plain = await openStream(streamOf(handle, sealed), identity);
    return await writeStream(plain, destination, maxBytes);
  });
}

/** Opens a regular file for reading; a FIFO or device is refused instead of waited for. */
export async function withSource<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
  try {
    if (!(await handle.stat()).isFile()) {
      throw new ThymusError("NOT_A_FILE", `${file} is no regular file`, "name a file");
    }
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** The content from the start, in chunks of at most 64 KiB, read only when asked for. */
export function streamOf(handle: FileHandle, file: string): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { bytesRead, buffer } = await handle.read(
            Buffer.alloc(CHUNK_BYTES),
            0,
            CHUNK_BYTES,
            position,
          );
          position += bytesRead;
          if (bytesRead === 0) controller.close();
          else controller.enqueue(buffer.subarray(0, bytesRead));
        } catch (thrown) {
          controller.error(unreadable(file, thrown));
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** Writes a stream atomically. The stream is cancelled where writing ends early. */
export async function writeStream(
  source: AsyncIterable<Uint8Array>,
  destination: string,
  maxBytes: number,
): Promise<Written> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    await replaceFile(destination, async (handle) => {
      for await (const chunk of source) {
        size += chunk.length;
        if (size > maxBytes) {
          throw new ThymusError(
            "TOO_LARGE",
            `${destination} would be larger than ${maxBytes} bytes`,
            "raise the limit in the configuration if that size is right",
          );
        }
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
    });
  } catch (thrown) {
    if (thrown instanceof ThymusError) throw thrown;
    throw new ThymusError(
      "STORE_FAILED",
      `${destination} cannot be written: ${(thrown as Error).message}`,
      "check the free space and the permissions of its folder",
      { cause: thrown },
    );
  }
  return { sha256: Sha256.parse(hash.digest("hex")), size };
}

function unreadable(file: string, thrown: unknown): ThymusError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === "ENOENT") return new ThymusError("NOT_FOUND", `${file} does not exist`, "check the path");
  return new ThymusError("UNREADABLE", `${file} cannot be read: ${message}`, "check its permissions", {
    cause: thrown,
  });
}
