/** What may become a sample, checked before anything is opened for long. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { ThymusError } from "@thymus/contracts";

/** Largest sample in bytes that an analysis takes. */
export const MAX_SAMPLE_BYTES = 64 * 1024 * 1024;

/**
 * Copies a sample into `destination` (mode 0400) without ever holding more than a buffer of it.
 * A FIFO or device is refused before it is opened, so that nothing can make this wait.
 * @returns size in bytes and digest: what a worker says of it later is only its word
 * @throws ThymusError NOT_FOUND | NOT_A_FILE | UNREADABLE | EMPTY | TOO_LARGE
 */
export async function takeSample(
  path: string,
  destination: string,
  maxBytes = MAX_SAMPLE_BYTES,
): Promise<{ size: number; sha256: string }> {
  const facts = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new ThymusError(
      cause.code === "ENOENT" ? "NOT_FOUND" : "UNREADABLE",
      `${path} ${cause.code === "ENOENT" ? "does not exist" : `cannot be looked at (${cause.code})`}`,
      "check the path",
      { cause },
    );
  });
  if (!facts.isFile()) {
    const kind = facts.isDirectory()
      ? "a directory"
      : facts.isSymbolicLink()
        ? "a symbolic link"
        : "not a regular file";
    throw new ThymusError("NOT_A_FILE", `${path} is ${kind}`, "name one regular file");
  }
  let source: FileHandle;
  try {
    // Never follow a link and never wait: the path may have become something else since.
    source = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new ThymusError(
      "UNREADABLE",
      `${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      "check its owner and mode",
      {
        cause,
      },
    );
  }
  let target: FileHandle | null = null;
  try {
    const { size } = await source.stat();
    if (size === 0) throw new ThymusError("EMPTY", `${path} is empty`, "name a file with content");
    if (size > maxBytes)
      throw new ThymusError(
        "TOO_LARGE",
        `${path} has ${size} bytes, more than the ${maxBytes} that a sample may have`,
        "submit the part that runs",
      );
    target = await open(destination, "wx", 0o400);
    const buffer = Buffer.alloc(1 << 20);
    const hash = createHash("sha256");
    let copied = 0;
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, copied);
      if (bytesRead === 0) break;
      copied += bytesRead;
      if (copied > maxBytes)
        throw new ThymusError(
          "TOO_LARGE",
          `${path} grew beyond ${maxBytes} bytes while it was read`,
          "submit it when nothing writes to it",
        );
      hash.update(buffer.subarray(0, bytesRead));
      await target.writeFile(buffer.subarray(0, bytesRead));
    }
    return { size: copied, sha256: hash.digest("hex") };
  } finally {
    await source.close();
    await target?.close();
  }
}
