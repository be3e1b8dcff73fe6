import { loadLibc } from "./libc.ts";

/**
 * How a confined process ends; to be bound before the doors close. The runtime's own way out hands what is left of its event loop to a
 * ring of io_uring, is refused, and aborts: every process that had done its work would be one that crashed.
 */
export function bindLeave(): () => void {
  const leave = loadLibc()?.bind("void _exit(int status)");
  return () => (leave ? void leave(0) : process.exit(0));
}
