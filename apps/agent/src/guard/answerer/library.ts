/**
 * The C library, for the answering process alone: it must not load what `files/libc.ts` loads with it. Calls write into
 * buffers that exist already; none of them allocates.
 */
import koffi from "koffi";

type Call = (...args: unknown[]) => number;

function load(): ReturnType<typeof koffi.load> {
  const musl = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  try {
    return koffi.load("libc.so.6");
  } catch {
    return koffi.load(musl);
  }
}

const library = load();

/** A function of the C library; the prototype is C. Failures are its -1, with `errno()`. */
export function bind(prototype: string): Call {
  return library.func(prototype) as Call;
}

export const errno = (): number => koffi.errno();

const names = new Map(Object.entries(koffi.os.errno).map(([name, code]) => [code, name]));

/** Name of the last error, e.g. EPERM. */
export const errnoName = (): string => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`;

/** A path as the bytes that the C library takes. */
export const pathBytes = (path: string): Buffer => Buffer.from(`${path}\0`);

/** A buffer that only its address is used of would be collected. */
const kept: Buffer[] = [];

/** Where a buffer lies, for calls that take `uintptr_t`: half the cost of handing over the buffer itself. It is never freed. */
export function addressOf(buffer: Buffer): number {
  kept.push(buffer);
  return Number(koffi.address(buffer));
}
