import { crc32 } from "node:zlib";
import { concat, fromText, patched, readU32, readU64, u16, u32, u64 } from "../bytes.ts";
import type { BlindKind } from "../kind.ts";
import { machineBody } from "../payload/machine.ts";
import { between } from "../random.ts";
import { field, headerSize, readImage } from "./image.ts";
import { insertShifted, removeShifted } from "./shift.ts";

const shared = { hosts: "elf", constant: "plain", keepsBytes: true } as const;
const zipped = machineBody("elf-zip-behind", 900);
const zipName = "glade/ember.bin";
const [near, far] = [machineBody("elf-two-places near", 512), machineBody("elf-two-places far", 704)];
const mark = fromText("amber-quartz 7041 hollow");

/** An archive of one stored file, which programs for archives find from the end of the host. */
function archive(hostLength: number): Uint8Array {
  const common = concat(
    u16(20),
    u16(0),
    u16(0),
    u32(0x5a210000),
    u32(crc32(zipped)),
    u32(zipped.length),
    u32(zipped.length),
    u16(zipName.length),
    u16(0),
  );
  const local = concat(u32(0x04034b50), common, fromText(zipName), zipped);
  const central = concat(
    u32(0x02014b50),
    u16(20),
    common,
    ...[0, 0, 0].map(u16),
    u32(0),
    u32(hostLength),
    fromText(zipName),
  );
  const end = concat(
    u32(0x06054b50),
    ...[0, 0, 1, 1].map(u16),
    u32(central.length),
    u32(hostLength + local.length),
    u16(0),
  );
  return concat(local, central, end);
}

export const tailKinds: readonly BlindKind[] = [
  {
    ...shared,
    id: "elf-zip-behind",
    what: "the host and an archive in one file: the body is a stored file of the archive",
    infect: (host) => (readImage(host) ? concat(host, archive(host.length)) : null),
    restore: (infected) => infected.slice(0, -archive(0).length),
  },
  {
    ...shared,
    id: "elf-two-places",
    what: "half of the body is inserted behind the file's header, the other half stands at the end",
    infect: (host, random) => {
      const image = readImage(host);
      if (!image || image.phoff < headerSize || image.shoff < headerSize) return null;
      const started = patched(host, [field.entry, u64(headerSize)]);
      const fill = new Uint8Array(between(random, 1, 40)).fill(0x90);
      const behind = concat(fill, far, u64(image.entry), u32(fill.length));
      return concat(insertShifted(started, headerSize, near), behind);
    },
    restore: (infected) => {
      const end = infected.length - 12 - far.length - readU32(infected, infected.length - 4);
      const entry = u64(readU64(infected, infected.length - 12));
      const host = removeShifted(infected.slice(0, end), headerSize, near.length);
      return patched(host, [field.entry, entry]);
    },
  },
  {
    ...shared,
    id: "elf-mark",
    what: "only a mark of 24 characters behind the host",
    infect: (host) => (readImage(host) ? concat(host, mark) : null),
    restore: (infected) => infected.slice(0, -mark.length),
  },
];
