import { concat, patched, readU32, readU64, roundUp, u16, u32, u64 } from "../bytes.ts";
import type { BlindKind } from "../kind.ts";
import { machineBody, stop } from "../payload/machine.ts";
import { between, randomBytes } from "../random.ts";
import { field, readImage, shdrSize } from "./image.ts";

const shared = { hosts: "elf", constant: "plain", keepsBytes: true } as const;
const added = machineBody("elf-section-added", 1500);
const idle = machineBody("elf-idle-section", 26);
const lost = machineBody("elf-section-table-moved", 622);

/** The section table is what leads to the body. */
export const sectionKinds: readonly BlindKind[] = [
  {
    ...shared,
    id: "elf-section-added",
    what: "the body and a copy of the section table with one more section stand behind the host",
    infect: (host) => {
      const image = readImage(host);
      if (!image || image.shnum < 2) return null;
      const at = roundUp(host.length, 16);
      const saved = concat(u64(host.length), u64(image.shoff), u16(image.shnum));
      const bodyEnd = at + added.length + saved.length;
      const tableAt = roundUp(bodyEnd, 8);
      const table = host.slice(image.shoff, image.shoff + image.shnum * shdrSize);
      const name = readU32(host, image.shoff + shdrSize);
      const size = added.length + saved.length;
      const section = concat(u32(name), u32(1), ...[6, 0, at, size, 0, 16, 0].map(u64));
      return concat(
        patched(host, [field.shoff, u64(tableAt)], [field.shnum, u16(image.shnum + 1)]),
        new Uint8Array(at - host.length),
        added,
        saved,
        new Uint8Array(tableAt - bodyEnd),
        table,
        section,
      );
    },
    restore: (infected) => {
      const section = readImage(infected)!.sections.at(-1)!;
      const saved = infected.slice(section.offset + added.length, section.offset + section.size);
      return patched(
        infected.slice(0, readU64(saved, 0)),
        [field.shoff, saved.slice(8, 16)],
        [field.shnum, saved.slice(16, 18)],
      );
    },
  },
  {
    ...shared,
    id: "elf-idle-section",
    what: "a short body over a section that is not loaded, whose bytes go to the end of the file behind drawn ones",
    infect: (host, random) => {
      const size = idle.length;
      // Not loaded: the compiler's name, or that of the file with the debugging information.
      const section = readImage(host)?.sections.find((s) => s.type === 1 && s.addr === 0 && s.size >= size);
      if (!section) return null;
      const before = host.slice(section.offset, section.offset + size);
      const fill = randomBytes(random, between(random, 20, 300));
      return concat(
        patched(host, [section.offset, idle]),
        fill,
        u32(fill.length),
        u32(section.offset),
        before,
      );
    },
    restore: (infected) => {
      const size = idle.length;
      const at = infected.length - size;
      const end = at - 8 - readU32(infected, at - 8);
      return patched(infected.slice(0, end), [readU32(infected, at - 4), infected.slice(at)]);
    },
  },
  {
    ...shared,
    id: "elf-section-table-moved",
    what: "the section table, when it is the last thing in the file, makes room for the body and follows it",
    infect: (host) => {
      const image = readImage(host);
      if (!image || image.shnum === 0 || image.shoff + image.shnum * shdrSize !== host.length) return null;
      const body = concat(stop, lost, u64(image.entry));
      return concat(
        patched(
          host.slice(0, image.shoff),
          [field.shoff, u64(image.shoff + body.length)],
          [field.entry, u64(image.shoff)],
        ),
        body,
        host.slice(image.shoff),
      );
    },
    restore: (infected) => {
      const image = readImage(infected)!;
      const bodyAt = image.shoff - stop.length - lost.length - 8;
      const entry = infected.slice(image.shoff - 8, image.shoff);
      return patched(
        concat(infected.slice(0, bodyAt), infected.slice(image.shoff)),
        [field.shoff, u64(bodyAt)],
        [field.entry, entry],
      );
    },
  },
];
