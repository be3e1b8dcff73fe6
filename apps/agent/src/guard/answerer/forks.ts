import { closeFd, MSG_DONTWAIT, receive, send } from "./calls.ts";
import { bind } from "./library.ts";

const socketCall = bind("int socket(int domain, int type, int protocol)");
const bindCall = bind("int bind(int fd, const uint8_t *address, unsigned int length)");
const setOption = bind(
  "int setsockopt(int fd, int level, int name, const uint8_t *value, unsigned int length)",
);

const AF_NETLINK = 16;
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000;
const NETLINK_CONNECTOR = 11;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const NLMSG_DONE = 3;
const PROCESSES = 1;
const LISTEN = 1;
const FORK = 1;

/** Bytes of the header of netlink, of the connector, and of a process event (linux/cn_proc.h). */
const EVENT_AT = 16 + 20;
const FORK_AT = EVENT_AT + 16;
/** Bytes of events that may wait between two looks. */
const WAITING = 8 << 20;
const MAX_REMEMBERED = 16_384;

/**
 * Who started whom, as the kernel tells at each fork: also for a process that is gone before anybody can look at it. A helper
 * that removes one document and ends would else belong to nobody.
 */
export class Forks {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(1024);
  readonly #parents = new Map<number, number>();

  constructor() {
    this.#fd = open();
  }

  /** False where the kernel does not tell who started whom: what ended before it could be looked at belongs to nobody then. */
  get hears(): boolean {
    return this.#fd >= 0;
  }

  /** Parent of a process at its start; undefined where that is not known. */
  parentOf(pid: number): number | undefined {
    return this.#parents.get(pid);
  }

  /** Takes what the kernel told up to now. */
  drain(): void {
    if (this.#fd < 0) return;
    const buffer = this.#buffer;
    while (Number(receive(this.#fd, buffer, buffer.length, MSG_DONTWAIT)) >= FORK_AT + 16) {
      if (buffer.readUInt32LE(EVENT_AT) !== FORK) continue;
      const child = buffer.readUInt32LE(FORK_AT + 12);
      // A thread is no process.
      if (buffer.readUInt32LE(FORK_AT + 8) !== child) continue;
      this.#parents.delete(child);
      this.#parents.set(child, buffer.readUInt32LE(FORK_AT + 4));
      if (this.#parents.size <= MAX_REMEMBERED) continue;
      const oldest = this.#parents.keys().next();
      if (!oldest.done) this.#parents.delete(oldest.value);
    }
  }

  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
  }
}

/** @returns -1 where this process may not listen or is not told (namespaces) or the kernel has no connector */
function open(): number {
  const fd = socketCall(AF_NETLINK, SOCK_DGRAM_CLOEXEC_NONBLOCK, NETLINK_CONNECTOR);
  if (fd < 0) return -1;
  const size = Buffer.alloc(4);
  size.writeInt32LE(WAITING);
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4);
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(PROCESSES, 8);
  const wish = Buffer.alloc(EVENT_AT + 4);
  wish.writeUInt32LE(wish.length, 0);
  wish.writeUInt16LE(NLMSG_DONE, 4);
  wish.writeUInt32LE(PROCESSES, 16);
  wish.writeUInt32LE(1, 20);
  wish.writeUInt16LE(4, 32);
  wish.writeUInt32LE(LISTEN, EVENT_AT);
  const nonce = process.pid;
  wish.writeUInt32LE(nonce, 28);
  if (bindCall(fd, address, 12) === 0 && Number(send(fd, wish, wish.length, 0)) > 0 && isAnswered(fd, nonce))
    return fd;
  closeFd(fd);
  return -1;
}

/**
 * Within a pid or user namespace the kernel tells nothing, yet what others outside asked for is heard, with numbers of processes that are
 * not those of this namespace. Only its answer, which is there at once, shows that it listened.
 */
function isAnswered(fd: number, nonce: number): boolean {
  const buffer = Buffer.alloc(1024);
  for (;;) {
    const length = Number(receive(fd, buffer, buffer.length, MSG_DONTWAIT));
    // What is behind many events may be lost; then nothing is relied on.
    if (length <= 0) return false;
    if (length < FORK_AT + 4 || buffer.readUInt32LE(EVENT_AT) !== 0) continue;
    if (buffer.readUInt32LE(28) === nonce + 1 && buffer.readUInt32LE(FORK_AT) === 0) return true;
  }
}
