/** One datagram to a socket of the UNIX domain, which Node has no way to send (unix(7), sendto(2)). */
import { bindC, errnoError } from "../files/c-library.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of sun_path. */
const PATH_BYTES = 108;

const socket = bindC("int socket(int domain, int type, int protocol)");
const sendTo = bindC(
  "int64 sendto(int fd, const uint8_t *bytes, size_t size, int flags, const uint8_t *address, uint32_t length)",
);
const close = bindC("int close(int fd)");

/**
 * Sends and forgets: a receiver that does not read is no reason to wait.
 * @param path of the socket; a leading `@` names one in the abstract namespace
 * @throws the system's error with its code (ENOENT, ECONNREFUSED, EAGAIN ...)
 */
export function sendDatagram(path: string, text: string): void {
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : path);
  if (name.length >= PATH_BYTES)
    throw Object.assign(new Error(`${path} is too long for a socket`), { code: "ENAMETOOLONG" });
  const address = Buffer.alloc(2 + name.length + (path.startsWith("@") ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const bytes = Buffer.from(text);
  const fd = Number(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd < 0) throw errnoError("open a datagram socket");
  try {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (Number(sendTo(fd, bytes, bytes.length, flags, address, address.length)) < 0)
      throw errnoError(`send to ${path}`);
  } finally {
    close(fd);
  }
}
