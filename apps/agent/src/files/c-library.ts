/**
 * How functions of the C library are bound: at their first call, so that a machine that has none of this kind (macOS,
 * Windows) can still load whatever imports it, and is told plainly what is Linux only when it gets there.
 */
import { createRequire } from "node:module";
import { ThymusError } from "@thymus/contracts/errors";
import type Koffi from "koffi";

/** A function of the C library; 64-bit results are bigint where they do not fit a number. */
export type CCall = (...args: unknown[]) => number | bigint;

/** Loaded at the first call as well: it is a binary of its own for each platform. */
const koffi = (): typeof Koffi => createRequire(import.meta.url)("koffi") as typeof Koffi;

let library: ReturnType<typeof Koffi.load> | null = null;

/** glibc or musl. @throws ThymusError RUNTIME_MISSING */
function load(): ReturnType<typeof Koffi.load> {
  if (process.platform === "linux")
    for (const name of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
      try {
        return koffi().load(name);
      } catch {
        // The other C library.
      }
    }
  throw new ThymusError(
    "RUNTIME_MISSING",
    process.platform === "linux"
      ? "no C library was found"
      : `this is Linux only; here is ${process.platform}`,
    "run the agent on Linux; docs/guide/other-systems.md tells what runs where",
  );
}

/** @param prototype as koffi reads it, e.g. `int close(int fd)`. The first call may throw RUNTIME_MISSING. */
export function bindC(prototype: string): CCall {
  let bound: CCall | null = null;
  return (...args) => {
    if (!bound) {
      library ??= load();
      bound = library.func(prototype) as CCall;
    }
    return bound(...args);
  };
}

let errnoNames: Map<number, string> | null = null;

/** The error of the call just made, with the `code` that Node's own file errors have (e.g. ENOSPC). */
export function errnoError(what: string): NodeJS.ErrnoException {
  const number = koffi().errno();
  errnoNames ??= new Map(Object.entries(koffi().os.errno).map(([name, code]) => [code, name]));
  const code = errnoNames.get(number) ?? `errno ${number}`;
  return Object.assign(new Error(`${what}: ${code}`), { code });
}
