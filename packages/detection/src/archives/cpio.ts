/** The "new ASCII" archive of cpio(5), which is the payload of rpm packages. */
import { type ArchiveEntry, filePermissions } from "./entry.ts";

const HEADER = 110;
const FORMAT = 0o170000;
const kinds = new Map<number, ArchiveEntry["kind"]>([
  [0o100000, "file"],
  [0o040000, "folder"],
  [0o120000, "link"],
]);
const four = (at: number) => (at + 3) & ~3;

/** Members up to the trailer, or to the first that is damaged or cut. */
export async function* readCpio(bytes: Uint8Array): AsyncGenerator<ArchiveEntry> {
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const header = Buffer.from(bytes.subarray(at, at + HEADER)).toString("latin1");
    if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) throw new Error("no header of cpio");
    const field = (index: number) => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const start = four(at + HEADER + nameSize);
    if (start + size > bytes.length) throw new Error("the archive ends in a member");
    const path = Buffer.from(bytes.subarray(at + HEADER, at + HEADER + nameSize))
      .toString("utf8")
      .replace(/\0.*$/s, "");
    if (path === "TRAILER!!!") return;
    const content = bytes.subarray(start, start + size);
    const kind = kinds.get(mode & FORMAT) ?? "device";
    yield {
      path,
      mode: filePermissions(mode),
      kind,
      target: kind === "link" ? Buffer.from(content).toString("utf8") : "",
      read: async (limit) => (size > limit ? null : content),
    };
    at = four(start + size);
  }
}
