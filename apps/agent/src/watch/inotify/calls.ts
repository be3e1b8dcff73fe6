/** inotify(7), raw: file descriptor and watches. */
import { bindC, errnoError } from "../../files/c-library.ts";

const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;

const inotifyInit = bindC("int inotify_init1(int flags)");
const inotifyAdd = bindC("int inotify_add_watch(int fd, const char *path, uint32_t mask)");
const inotifyRemove = bindC("int inotify_rm_watch(int fd, int wd)");

/** @throws Error with `code` EMFILE where fs.inotify.max_user_instances is used up */
export function openInotify(): number {
  const fd = Number(inotifyInit(IN_NONBLOCK | IN_CLOEXEC));
  if (fd < 0) throw errnoError("open inotify");
  return fd;
}

/** @returns the watch descriptor: the same one for the same folder @throws Error with `code`, e.g. ENOSPC */
export function addWatch(fd: number, path: string, mask: number): number {
  const wd = Number(inotifyAdd(fd, path, mask));
  if (wd < 0) throw errnoError(`watch ${path}`);
  return wd;
}

export function removeWatch(fd: number, wd: number): void {
  inotifyRemove(fd, wd);
}
