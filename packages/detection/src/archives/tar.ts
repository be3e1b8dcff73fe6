import { createTarDecoder } from "modern-tar";
import type { Budget } from "./budget.ts";
import { collect } from "./collect.ts";
import { type ArchiveEntry, filePermissions } from "./entry.ts";

const kinds: Readonly<Record<string, ArchiveEntry["kind"]>> = {
  file: "file",
  directory: "folder",
  link: "hard-link",
  symlink: "link",
};

/** Whether bytes begin with a header of tar: the magic of POSIX and GNU, or for old ones a sum that holds. */
export function isTar(head: Uint8Array): boolean {
  const block = Buffer.from(head.subarray(0, 512));
  if (block.length < 512 || block[0] === 0) return false;
  if (block.toString("latin1", 257, 262) === "ustar") return true;
  const said = /^ *([0-7]{4,7})[ \0]/.exec(block.toString("latin1", 148, 156))?.[1];
  if (said === undefined) return false;
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  return sum === Number.parseInt(said, 8);
}

/** Members of a tar of any kind (POSIX pax, ustar, GNU) from its bytes as they come. */
export async function* readTarStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  budget: Budget,
): AsyncGenerator<ArchiveEntry> {
  const entries = ReadableStream.from(chunks).pipeThrough(createTarDecoder());
  for await (const { header, body } of entries) {
    let read = false;
    yield {
      path: header.name,
      mode: filePermissions(header.mode ?? 0),
      kind: kinds[header.type ?? "file"] ?? "device",
      target: header.linkname ?? "",
      read: async (limit) => {
        read = true;
        const content = await collect(body, limit);
        // The reader takes the end of the input for the end of a member.
        if (content && content.length < header.size) throw new Error("the archive ends in a member");
        return content;
      },
    };
    budget.tick();
    if (!read) await body.cancel();
  }
}
