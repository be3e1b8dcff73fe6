import { ThymusError } from "@thymus/contracts";
import { z } from "zod";
import { outputOf, runReader } from "./run.ts";

/** Bytes that one archive may hold, unpacked. */
const MAX_UNPACKED = 4 * 2 ** 30;
/** Bytes of output: names and digests, or one file in base64. */
const MAX_OUTPUT = 512 << 20;

/** What the confined reader tells of a member; nothing of it is believed before it was compared with a digest. */
const Member = z.object({
  archive: z.number().int().min(0),
  name: z.string(),
  link: z.string(),
  type: z.string(),
  size: z.number().int().min(0),
  mode: z.number().int().min(0),
  uid: z.number().int().min(0),
  gid: z.number().int().min(0),
  user: z.string(),
  group: z.string(),
  mtime: z.string().regex(/^-?\d+(\.\d+)?$/),
  md5: z.string().optional(),
  sha256: z.string().optional(),
  bytes: z.string().optional(),
});
export type Member = z.infer<typeof Member>;

export type ArchiveKind = "control" | "files" | "npm";

async function* linesOf(
  kind: ArchiveKind,
  names: string,
  archives: readonly string[],
): AsyncGenerator<Member> {
  const child = runReader([kind, String(MAX_UNPACKED), names, ...archives], archives);
  let rest: Buffer[] = [];
  for await (const piece of outputOf(child, MAX_OUTPUT)) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      const line = Buffer.concat([...rest, piece.subarray(from, end)]).toString("utf8");
      rest = [];
      from = end + 1;
      const member = Member.safeParse(JSON.parse(line));
      if (!member.success)
        throw new ThymusError("TOOL_FAILED", "an archive is told of wrongly", "look at the archive");
      yield member.data;
    }
    rest.push(piece.subarray(from));
  }
}

/** All members of archives, with digests. @throws ThymusError TOOL_FAILED */
export function membersOf(kind: ArchiveKind, archives: readonly string[]): AsyncGenerator<Member> {
  return linesOf(kind, "-", archives);
}

/** The first of these names that an archive has as a file, with its content; a hard link is followed. */
export async function readMember(
  kind: ArchiveKind,
  archive: string,
  names: readonly string[],
): Promise<{ member: Member; bytes: Buffer } | null> {
  for (let step = 0, wanted = names; step < 2; step++) {
    let linked: string | null = null;
    for await (const member of linesOf(kind, JSON.stringify(wanted), [archive])) {
      if (member.type === "0" && member.bytes !== undefined)
        return { member, bytes: Buffer.from(member.bytes, "base64") };
      if (member.type === "1") linked = member.link;
    }
    if (linked === null) return null;
    wanted = [linked];
  }
  return null;
}
