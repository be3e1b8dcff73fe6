import { concat, patched, readU32, readU64, u32, u64, xored } from "../bytes.ts";
import type { BlindKind } from "../kind.ts";
import { machineBody, machineBytes, noise } from "../payload/machine.ts";
import { between, randomBytes } from "../random.ts";
import { fileOffset, readImage } from "./image.ts";

const shared = { hosts: "elf", keepsBytes: true } as const;
const entryBody = machineBody("elf-entry-code", 1010);
const entryPatch = machineBody("elf-entry-code patch", 18);
const pointerBody = machineBody("elf-init-pointer", 870);
const tagBody = machineBody("elf-dynamic-tag", 333);
const initArray = 14;
const dynamicSection = 6;
const debugTag = 21;

/** The file header stays as it is; bytes that the program comes to by itself are changed. */
export const hijackKinds: readonly BlindKind[] = [
  {
    ...shared,
    id: "elf-entry-code",
    what: "the code at the start address is replaced by a fixed patch and kept behind the body at the end",
    constant: "plain",
    infect: (host) => {
      const image = readImage(host);
      const at = image && fileOffset(image, image.entry);
      if (!at || at + 18 > host.length) return null;
      return concat(patched(host, [at, entryPatch]), entryBody, u32(at), host.slice(at, at + 18));
    },
    restore: (infected) => {
      const at = readU32(infected, infected.length - 22);
      return patched(infected.slice(0, -22 - entryBody.length), [at, infected.slice(-18)]);
    },
  },
  {
    ...shared,
    id: "elf-entry-code-drawn",
    what: "the code at the start address is replaced by drawn code; the body is encoded, nothing is fixed",
    constant: "none",
    infect: (host, random) => {
      const image = readImage(host);
      const at = image && fileOffset(image, image.entry);
      if (!at || at + 12 > host.length) return null;
      const key = randomBytes(random, 12);
      const size = between(random, 300, 700);
      return concat(
        patched(host, [at, machineBytes(random, 12)]),
        noise(random, size),
        xored(host.slice(at, at + 12), key),
        xored(concat(u32(at), u32(size)), key),
        key,
      );
    },
    restore: (infected) => {
      const key = infected.slice(-12);
      const places = xored(infected.slice(-20, -12), key);
      const [at, size] = [readU32(places, 0), readU32(places, 4)];
      return patched(infected.slice(0, -32 - size), [at, xored(infected.slice(-32, -20), key)]);
    },
  },
  {
    ...shared,
    id: "elf-init-pointer",
    what: "the first address that is called before the program (also in a library) is turned to the body at the end",
    constant: "plain",
    infect: (host) => {
      const section = readImage(host)?.sections.find(({ type, size }) => type === initArray && size >= 8);
      if (!section) return null;
      const pointer = host.slice(section.offset, section.offset + 8);
      const turned = patched(host, [section.offset, u64(0xd000000 + host.length)]);
      return concat(turned, pointerBody, u64(section.offset), pointer);
    },
    restore: (infected) => {
      const at = readU64(infected, infected.length - 16);
      return patched(infected.slice(0, -16 - pointerBody.length), [at, infected.slice(-8)]);
    },
  },
  {
    ...shared,
    id: "elf-dynamic-tag",
    what: "the idle debug entry of the dynamic section gets another tag and value; the body stands at the end",
    constant: "plain",
    infect: (host) => {
      const section = readImage(host)?.sections.find(({ type }) => type === dynamicSection);
      if (!section) return null;
      for (let at = section.offset; at < section.offset + section.size; at += 16) {
        if (readU64(host, at) !== debugTag || readU64(host, at + 8) !== 0) continue;
        // A tag of the range kept for operating systems that none of them uses: loaders pass over it.
        const turned = patched(host, [at, concat(u64(0x6000b11d), u64(host.length))]);
        return concat(turned, tagBody, u32(at));
      }
      return null;
    },
    restore: (infected) => {
      const at = readU32(infected, infected.length - 4);
      return patched(infected.slice(0, -4 - tagBody.length), [at, concat(u64(debugTag), u64(0))]);
    },
  },
];
