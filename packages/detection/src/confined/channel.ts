/** A pair of sockets that carries messages with open files (unix(7), SCM_RIGHTS): the receiver needs no file system to read them. */
import { type Libc, loadLibc } from "./libc.ts";

/** Files that one message may carry; the kernel's own limit is 253. */
export const MAX_FILES = 64;
/** Bytes of one message. */
export const MAX_MESSAGE = 160 * 1024;

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** struct msghdr and one struct iovec behind it, both of 64-bit Linux. */
const HEADER_BYTES = 56;
const CONTROL_HEADER = 16;
const EINTR = 4;

/** Two ends; both have to be closed by whoever holds them. */
export function openChannel(libc: Libc): { near: number; far: number } {
  const pair = Buffer.allocUnsafeSlow(8);
  const socketpair = libc.bind("int socketpair(int domain, int type, int protocol, _Out_ uint8_t *pair)");
  if (Number(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) !== 0)
    throw new Error(`socketpair: error ${libc.errno()}`);
  return { near: pair.readInt32LE(0), far: pair.readInt32LE(4) };
}

/** One end of a channel. */
export class Channel {
  readonly #fd: number;
  readonly #libc: Libc;
  readonly #header = Buffer.alloc(HEADER_BYTES + 16);
  readonly #control = Buffer.alloc(CONTROL_HEADER + 4 * MAX_FILES);
  readonly #data: Buffer;
  readonly #send: (fd: number, header: bigint, flags: number) => number;
  readonly #receive: (fd: number, header: bigint, flags: number) => number;

  constructor(fd: number) {
    this.#libc = loadLibc()!;
    this.#fd = fd;
    this.#data = Buffer.allocUnsafeSlow(MAX_MESSAGE);
    const calls = bound(this.#libc);
    this.#send = calls.send;
    this.#receive = calls.receive;
    const view = this.#header;
    view.writeBigUInt64LE(this.#libc.address(view) + BigInt(HEADER_BYTES), 16);
    view.writeBigUInt64LE(1n, 24);
    view.writeBigUInt64LE(this.#libc.address(this.#control), 32);
    view.writeBigUInt64LE(this.#libc.address(this.#data), HEADER_BYTES);
  }

  /** Sends at once. @returns false where the other end has no room or is gone */
  send(text: string, files: readonly number[]): boolean {
    const length = this.#data.write(text, 0, "utf8");
    if (length === this.#data.length || files.length > MAX_FILES) return false;
    this.#header.writeBigUInt64LE(BigInt(length), HEADER_BYTES + 8);
    const control = files.length === 0 ? 0 : CONTROL_HEADER + 4 * files.length;
    this.#header.writeBigUInt64LE(BigInt(control), 40);
    this.#header.writeInt32LE(0, 48);
    this.#control.writeBigUInt64LE(BigInt(control), 0);
    this.#control.writeInt32LE(SOL_SOCKET, 8);
    this.#control.writeInt32LE(SCM_RIGHTS, 12);
    for (const [index, fd] of files.entries()) this.#control.writeInt32LE(fd, CONTROL_HEADER + 4 * index);
    return this.#send(this.#fd, this.#libc.address(this.#header), MSG_DONTWAIT | MSG_NOSIGNAL) === length;
  }

  /** Waits for a message; null where the other end is gone. The files are the caller's to close. */
  receive(): { text: string; files: number[] } | null {
    for (;;) {
      this.#header.writeBigUInt64LE(BigInt(this.#data.length), HEADER_BYTES + 8);
      this.#header.writeBigUInt64LE(BigInt(this.#control.length), 40);
      const length = this.#receive(this.#fd, this.#libc.address(this.#header), MSG_CMSG_CLOEXEC);
      if (length < 0 && this.#libc.errno() === EINTR) continue;
      if (length <= 0) return null;
      const control = Number(this.#header.readBigUInt64LE(40));
      const count =
        control < CONTROL_HEADER ? 0 : (Number(this.#control.readBigUInt64LE(0)) - CONTROL_HEADER) >> 2;
      const files = Array.from({ length: count }, (_, at) =>
        this.#control.readInt32LE(CONTROL_HEADER + 4 * at),
      );
      return { text: this.#data.toString("utf8", 0, length), files };
    }
  }
}

type Message = (fd: number, header: bigint, flags: number) => number;
let calls: { send: Message; receive: Message } | undefined;

function bound(libc: Libc): { send: Message; receive: Message } {
  if (calls === undefined) {
    const send = libc.bind("int64 sendmsg(int fd, uintptr_t header, int flags)");
    const receive = libc.bind("int64 recvmsg(int fd, uintptr_t header, int flags)");
    calls = {
      send: (fd, header, flags) => Number(send(fd, header, flags)),
      receive: (fd, header, flags) => Number(receive(fd, header, flags)),
    };
  }
  return calls;
}
