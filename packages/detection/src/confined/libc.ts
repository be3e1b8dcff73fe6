/** What both sides of a confined worker need of the C library. Linux only: `loadLibc` gives null elsewhere. */
import { createRequire } from "node:module";

type Call = (...args: unknown[]) => number | bigint;

export interface Libc {
  /** A new function of the library by its prototype. */
  bind(prototype: string): Call;
  /** Address of a buffer's bytes, good as long as the buffer lives. */
  address(buffer: Buffer): bigint;
  /** Number of the last error of a call. */
  errno(): number;
}

let loaded: Libc | null | undefined;

export function loadLibc(): Libc | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Libc | null {
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return null;
  const musl = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  for (const name of ["libc.so.6", musl]) {
    try {
      const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi").default;
      const library = koffi.load(name);
      return {
        bind: (prototype) => library.func(prototype) as Call,
        address: (buffer) => BigInt(koffi.address(buffer)),
        errno: () => koffi.errno(),
      };
    } catch {
      // The other C library, or no koffi for this machine.
    }
  }
  return null;
}
