/** fanotify(7) and file handles, raw. */
import { readlinkSync } from "node:fs";
import { bindC, errnoError } from "../../files/c-library.ts";
import { INIT, MARK_DONT_FOLLOW, MARK_FLUSH, MARK_ONLYDIR } from "./abi.ts";

const AT_FDCWD = -100;
const AT_HANDLE_FID = 0x200;
const O_RDONLY = 0;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const O_DIRECTORY = process.arch === "arm64" ? 0o40000 : 0o200000;
/** Largest file handle, bytes (MAX_HANDLE_SZ). */
const HANDLE = 128;
/** Place of f_fsid in struct statfs of the 64-bit architectures. */
const FSID_AT = 56;

const fanotifyInit = bindC("int fanotify_init(unsigned int flags, unsigned int event_flags)");
const fanotifyMark = bindC(
  "int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int dirfd, const char *path)",
);
const openByHandle = bindC("int open_by_handle_at(int mount_fd, const uint8_t *handle, int flags)");
const nameToHandle = bindC(
  "int name_to_handle_at(int dirfd, const char *path, _Inout_ uint8_t *handle, _Out_ int *mount_id, int flags)",
);
const openPath = bindC("int open(const char *path, int flags)");
const statFs = bindC("int statfs(const char *path, _Out_ uint8_t *buffer)");

/** @throws Error with `code`: EPERM without CAP_SYS_ADMIN, EINVAL where the kernel is too old (before 5.9), ENOSYS */
export function openFanotify(): number {
  const fd = Number(fanotifyInit(INIT, O_RDONLY | O_CLOEXEC));
  if (fd < 0) throw errnoError("open fanotify");
  return fd;
}

/** @throws Error with `code`, e.g. EOPNOTSUPP and EXDEV where the file system has no usable file handles */
export function mark(fd: number, flags: number, mask: number, path: string): void {
  const which = flags | MARK_ONLYDIR | MARK_DONT_FOLLOW;
  if (Number(fanotifyMark(fd, which, mask >>> 0, AT_FDCWD, path)) !== 0) throw errnoError(`watch ${path}`);
}

/** Takes all marks of folders away; those of file systems stay. */
export function flushFolders(fd: number): void {
  fanotifyMark(fd, MARK_FLUSH, 0, AT_FDCWD, null);
}

/** The same for an open folder. @returns false where that failed */
export function markOpened(fd: number, flags: number, mask: number, folder: number): boolean {
  return Number(fanotifyMark(fd, flags | MARK_ONLYDIR, mask >>> 0, folder, ".")) === 0;
}

/** Opens a folder, to open others by their handles through it. @throws Error with `code` */
export function openFolder(path: string): number {
  const fd = Number(openPath(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd < 0) throw errnoError(`open ${path}`);
  return fd;
}

/** Id of the file system of a path, as events carry it: hex. @throws Error with `code` */
export function fsidOf(path: string): string {
  const buffer = Buffer.alloc(256);
  if (Number(statFs(path, buffer)) !== 0) throw errnoError(`look at the file system of ${path}`);
  return buffer.toString("hex", FSID_AT, FSID_AT + 8);
}

/** File handle of a folder as events carry it: length, type and bytes. @throws Error with `code` */
export function handleOf(path: string): string {
  for (const flags of [AT_HANDLE_FID, 0]) {
    const buffer = Buffer.alloc(8 + HANDLE);
    buffer.writeUInt32LE(HANDLE, 0);
    if (Number(nameToHandle(AT_FDCWD, path, buffer, [0], flags)) === 0)
      return buffer.toString("hex", 0, 8 + buffer.readUInt32LE(0));
  }
  throw errnoError(`name ${path} by a handle`);
}

/**
 * Opens the folder that a handle names, below a mount.
 * @returns null where it is gone (ESTALE) @throws Error with `code` EPERM without CAP_DAC_READ_SEARCH
 */
export function openHandle(mount: number, handle: string): number | null {
  const fd = Number(openByHandle(mount, Buffer.from(handle, "hex"), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (fd >= 0) return fd;
  const error = errnoError("open a folder by its handle");
  if (error.code === "EPERM" || error.code === "EOPNOTSUPP") throw error;
  return null;
}

/** Path of an open folder; null where it was deleted, or lies outside of the mount that it was opened through. */
export function pathOf(fd: number): string | null {
  const path = readlinkSync(`/proc/self/fd/${fd}`);
  return path.startsWith("/") && !path.endsWith(" (deleted)") ? path : null;
}
