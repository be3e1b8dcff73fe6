import { concat, patched, pieces, xored } from "../bytes.ts";
import type { BlindKind } from "../kind.ts";
import { machineBody } from "../payload/machine.ts";
import { between, randomBytes } from "../random.ts";
import { readImage } from "./image.ts";
import { inertProgram } from "./program.ts";

const shared = { hosts: "elf", keepsBytes: false } as const;
const program = inertProgram("elf-overwrite-head", 1290);
const whole = inertProgram("elf-overwrite-whole", 2048);
const middle = machineBody("elf-overwrite-middle", 400);
const scattered = machineBody("elf-overwrite-scattered", 384);

/** Bytes of the host are gone. */
export const overwriteKinds: readonly BlindKind[] = [
  {
    ...shared,
    id: "elf-overwrite-head",
    what: "a program over the host's first bytes",
    constant: "plain",
    infect: (host) => (readImage(host) && host.length > program.length ? patched(host, [0, program]) : null),
  },
  {
    ...shared,
    id: "elf-overwrite-middle",
    what: "the body over bytes at a drawn place",
    constant: "plain",
    infect: (host, random) =>
      readImage(host) && host.length > 2048
        ? patched(host, [between(random, 1024, host.length - 400), middle])
        : null,
  },
  {
    ...shared,
    id: "elf-overwrite-whole",
    what: "a program instead of the host, with drawn bytes up to the host's length",
    constant: "plain",
    infect: (host, random) =>
      readImage(host) ? concat(whole, randomBytes(random, Math.max(0, host.length - whole.length))) : null,
  },
  {
    ...shared,
    id: "elf-overwrite-scattered",
    what: "twelve pieces of 32 bytes, XORed with a drawn key, over bytes at drawn places",
    constant: "none",
    infect: (host, random) => {
      if (!readImage(host) || host.length < 4096) return null;
      const parts = pieces(xored(scattered, randomBytes(random, 5)), 32);
      const step = Math.floor((host.length - 1024) / parts.length);
      return patched(
        host,
        ...parts.map((part, i) => [1024 + i * step + between(random, 0, step - 32), part] as const),
      );
    },
  },
];
