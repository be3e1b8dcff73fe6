import { deflateRawSync } from "node:zlib";
import { concat, fromText, patched, readU32, u16, u32, u64 } from "../bytes.ts";
import { field, readImage } from "../elf/image.ts";
import type { BlindHarmless } from "../kind.ts";
import { between, randomBytes } from "../random.ts";

/** Changes that owners, builders and packagers make to programs. */
export const harmlessElf: readonly BlindHarmless[] = [
  {
    id: "harmless-elf-signature",
    hosts: "elf",
    what: "a signature, its length and a closing line behind the program, as signed kernel modules have",
    infect: (host, random) => {
      if (!readImage(host)) return null;
      const signature = concat(Uint8Array.of(0x30, 0x82, 1, 4), randomBytes(random, 260));
      return concat(host, signature, u32(signature.length), fromText("~Build signature appended~\n"));
    },
  },
  {
    id: "harmless-elf-stripped",
    hosts: "elf",
    what: "the section table, where it is the last thing in the file, is taken away",
    infect: (host) => {
      const image = readImage(host);
      if (!image || image.shnum === 0 || image.shoff + image.shnum * 64 !== host.length) return null;
      return patched(host.slice(0, image.shoff), [field.shoff, u64(0)], [field.shnum, u16(0)], [62, u16(0)]);
    },
  },
  {
    id: "harmless-elf-packed",
    hosts: "elf",
    what: "the program in a packer's frame: a small fixed head, lengths and the compressed bytes",
    infect: (host) => {
      if (!readImage(host)) return null;
      const packed = deflateRawSync(host, { level: 1 });
      return concat(host.slice(0, 64), fromText("PKD!"), u32(host.length), u32(packed.length), packed);
    },
  },
  {
    id: "harmless-elf-build-id",
    hosts: "elf",
    what: "another build number in the note that carries it",
    infect: (host, random) => {
      const note = readImage(host)?.sections.find(
        ({ type, offset, size }) =>
          type === 7 && size === 36 && readU32(host, offset + 8) === 3 && offset + 36 <= host.length,
      );
      return note ? patched(host, [note.offset + 16, randomBytes(random, 20)]) : null;
    },
  },
  {
    id: "harmless-elf-settings",
    hosts: "elf",
    what: "settings as text behind the program, as self-contained programs have",
    infect: (host, random) =>
      readImage(host)
        ? concat(host, fromText(`\n[settings]\nport=${between(random, 1024, 65535)}\nlanguage=en\n`))
        : null,
  },
];
