/** The calls that the proc connector needs: a netlink socket, poll, and an eventfd by which a waiting thread is woken. */
import { randomInt } from "node:crypto";
import { bindC, errnoError } from "../files/c-library.ts";
import { isAnswer, subscription } from "./connector-events.ts";

const AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_CONNECTOR = 11;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const CN_IDX_PROC = 1;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const EFD_CLOEXEC = 0o2000000;
/** Bytes of events that may wait: some 50,000. */
const RECEIVE_BUFFER = 8 << 20;

const socket = bindC("int socket(int domain, int type, int protocol)");
const bind = bindC("int bind(int fd, const uint8_t *address, unsigned int length)");
const setsockopt = bindC(
  "int setsockopt(int fd, int level, int name, const uint8_t *value, unsigned int length)",
);
const send = bindC("int64 send(int fd, const uint8_t *buffer, size_t size, int flags)");
const recv = bindC("int64 recv(int fd, _Out_ uint8_t *buffer, size_t size, int flags)");
const poll = bindC("int poll(_Inout_ uint8_t *fds, uint64_t count, int timeout)");
const eventfd = bindC("int eventfd(unsigned int value, int flags)");
const write = bindC("int64 write(int fd, const uint8_t *buffer, size_t size)");
const close = bindC("int close(int fd)");

/** Datagrams in which the kernel's answer is looked for: it is there as soon as was asked, behind what happened meanwhile. */
const ANSWER_WITHIN = 100_000;

/** Opens the connector. @throws an error (`code` EPERM: not root; EPROTONOSUPPORT: no such kernel; none: within a namespace) */
export function openConnector(): number {
  const fd = Number(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR));
  if (fd < 0) throw errnoError("open the proc connector");
  try {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(CN_IDX_PROC, 8);
    if (Number(bind(fd, address, address.length)) !== 0) throw errnoError("join the proc connector");
    const size = Buffer.alloc(4);
    size.writeUInt32LE(RECEIVE_BUFFER);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
    const nonce = randomInt(1, 0x7fff_ffff);
    const message = subscription(0, nonce);
    if (Number(send(fd, message, message.length, 0)) < 0) throw errnoError("ask for process events");
    if (!isAnswered(fd, nonce)) throw new Error("it is within a namespace of processes or users");
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function isAnswered(fd: number, nonce: number): boolean {
  const buffer = Buffer.alloc(64 * 1024);
  for (let count = 0; count < ANSWER_WITHIN; count++) {
    const length = receive(fd, buffer);
    if (length === 0) return false;
    if (length > 0 && isAnswer(buffer.subarray(0, length), nonce)) return true;
  }
  return false;
}

/** The next datagram; 0 where none waits, -1 where the kernel had to drop some (ENOBUFS). */
export function receive(fd: number, buffer: Buffer): number {
  const length = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT));
  if (length >= 0) return length;
  return errnoError("hear of processes").code === "ENOBUFS" ? -1 : 0;
}

/** Waits until the first of two descriptors can be read. @returns true where the second can be, too */
export function waitFor(fd: number, wake: number): boolean {
  const fds = Buffer.alloc(16);
  fds.writeInt32LE(fd, 0);
  fds.writeInt16LE(POLLIN, 4);
  fds.writeInt32LE(wake, 8);
  fds.writeInt16LE(POLLIN, 12);
  poll(fds, 2, -1);
  return fds.readInt16LE(14) !== 0;
}

export function openWake(): number {
  const fd = Number(eventfd(0, EFD_CLOEXEC));
  if (fd < 0) throw errnoError("make an eventfd");
  return fd;
}

export function wake(fd: number): void {
  const one = Buffer.alloc(8);
  one.writeUInt8(1);
  write(fd, one, one.length);
}

export function closeDescriptor(fd: number): void {
  close(fd);
}
