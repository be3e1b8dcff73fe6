/**
 * The few calls of the C library that Node has no way to: extended attributes, times to the nanosecond, and renames that
 * exchange two names or refuse to overwrite. Linux only (glibc or musl).
 */
import { bindC, errnoError } from "./c-library.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;
/** Largest name list and value of the kernel, bytes (xattr(7)). */
const XATTR_LIMIT = 65_536;

/** struct timespec, twice: seconds and nanoseconds as 64-bit numbers, which they are on every system with 64 bits. */
const TIMES_BYTES = 32;
const llistxattr = bindC("int64 llistxattr(const char *path, _Out_ uint8_t *list, size_t size)");
const lgetxattr = bindC(
  "int64 lgetxattr(const char *path, const char *name, _Out_ uint8_t *value, size_t size)",
);
const lsetxattr = bindC(
  "int lsetxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)",
);
const lremovexattr = bindC("int lremovexattr(const char *path, const char *name)");
const utimensat = bindC("int utimensat(int fd, const char *path, const uint8_t *times, int flags)");
const futimens = bindC("int futimens(int fd, const uint8_t *times)");
const flistxattr = bindC("int64 flistxattr(int fd, _Out_ uint8_t *list, size_t size)");
const fgetxattr = bindC("int64 fgetxattr(int fd, const char *name, _Out_ uint8_t *value, size_t size)");
const fsetxattr = bindC(
  "int fsetxattr(int fd, const char *name, const uint8_t *value, size_t size, int flags)",
);
const fremovexattr = bindC("int fremovexattr(int fd, const char *name)");
const renameat2 = bindC("int renameat2(int from, const char *a, int to, const char *b, unsigned int flags)");

/** A file by its path (never following a symbolic link) or, where somebody might replace that, by its open handle. */
type Target = string | { readonly fd: number };

/** Extended attributes of a file, name to hex value; empty where the file system has none. */
export function readXattrs(target: Target): Record<string, string> {
  const path = nameOf(target);
  const list = Buffer.alloc(XATTR_LIMIT);
  const length = Number(
    typeof target === "string"
      ? llistxattr(target, list, list.length)
      : flistxattr(target.fd, list, list.length),
  );
  if (length < 0) {
    const error = errnoError(`list extended attributes of ${path}`);
    if (error.code === "ENOTSUP" || error.code === "EOPNOTSUPP") return {};
    throw error;
  }
  const names = list.subarray(0, length).toString("utf8").split("\0").filter(Boolean);
  const value = Buffer.alloc(XATTR_LIMIT);
  const found: Record<string, string> = {};
  for (const name of names.sort()) {
    const size = Number(
      typeof target === "string"
        ? lgetxattr(target, name, value, value.length)
        : fgetxattr(target.fd, name, value, value.length),
    );
    // One that vanished in between, or that only the kernel may read, is none of the owner's.
    if (size >= 0) found[name] = value.subarray(0, size).toString("hex");
  }
  return found;
}

/** Makes the extended attributes of a file exactly `wanted`. */
export function writeXattrs(target: Target, wanted: Readonly<Record<string, string>>): void {
  const path = nameOf(target);
  const present = readXattrs(target);
  const set = (name: string, value: Buffer) =>
    typeof target === "string"
      ? lsetxattr(target, name, value, value.length, 0)
      : fsetxattr(target.fd, name, value, value.length, 0);
  const remove = (name: string) =>
    typeof target === "string" ? lremovexattr(target, name) : fremovexattr(target.fd, name);
  for (const [name, hex] of Object.entries(wanted)) {
    if (present[name] === hex) continue;
    const value = Buffer.from(hex, "hex");
    if (Number(set(name, value)) !== 0) throw errnoError(`set extended attribute ${name} of ${path}`);
  }
  for (const name of Object.keys(present)) {
    if (name in wanted) continue;
    // Labels that the system itself gives every file (SELinux) cannot be removed and are no difference.
    if (Number(remove(name)) !== 0 && !name.startsWith("security."))
      throw errnoError(`remove extended attribute ${name} of ${path}`);
  }
}

/** Sets access and modification time exactly, nanoseconds since 1970. */
export function writeTimes(target: Target, atimeNs: bigint, mtimeNs: bigint): void {
  const times = Buffer.alloc(TIMES_BYTES);
  for (const [index, ns] of [atimeNs, mtimeNs].entries()) {
    const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    times.writeBigInt64LE((ns - rest) / 1_000_000_000n, 16 * index);
    times.writeBigInt64LE(rest, 16 * index + 8);
  }
  const done =
    typeof target === "string"
      ? utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW)
      : futimens(target.fd, times);
  if (Number(done) !== 0) throw errnoError(`set the times of ${nameOf(target)}`);
}

const nameOf = (target: Target): string => (typeof target === "string" ? target : `file ${target.fd}`);

/**
 * Exchanges two names in one step, so that whoever looks sees either file, and nothing that was written in between is lost.
 * @returns false where the file system or kernel cannot
 */
export function exchangeNames(a: string, b: string): boolean {
  if (Number(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)) === 0) return true;
  const error = errnoError(`exchange ${a} and ${b}`);
  if (error.code === "EINVAL" || error.code === "ENOSYS" || error.code === "ENOTSUP") return false;
  throw error;
}

/** Renames, but never over an existing name (EEXIST). Where the kernel cannot: @returns false */
export function renameIfFree(from: string, to: string): boolean {
  if (Number(renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) === 0) return true;
  const error = errnoError(`rename ${from} to ${to}`);
  if (error.code === "EINVAL" || error.code === "ENOSYS" || error.code === "ENOTSUP") return false;
  throw error;
}
