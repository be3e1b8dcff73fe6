import { bindC } from "../../files/c-library.ts";

/** FS_IOC_GETFLAGS, FS_IOC_SETFLAGS and FS_NODUMP_FL of linux/fs.h, on 64-bit machines. */
const GET = 0x80086601n;
const SET = 0x40086602n;
const NODUMP = 0x40;

const ioctl = bindC("int ioctl(int fd, uint64 request, _Inout_ uint8_t *flags)");

/** Asks dump(8) and what follows it (borg, restic's option, star) to leave a file out. @returns false where the file system has no such mark */
export function leaveOutOfDumps(fd: number): boolean {
  const flags = Buffer.alloc(8);
  if (Number(ioctl(fd, GET, flags)) !== 0) return false;
  flags.writeUInt32LE((flags.readUInt32LE(0) | NODUMP) >>> 0);
  return Number(ioctl(fd, SET, flags)) === 0;
}
