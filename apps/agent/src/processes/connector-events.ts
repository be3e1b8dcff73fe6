/**
 * Messages of the proc connector: nlmsghdr (16 bytes), cn_msg (20 bytes), then proc_event (linux/cn_proc.h). Byte order is the
 * machine's, which is little-endian on all that Thymus runs on.
 */
export type ProcessEvent =
  | { readonly what: "fork"; readonly pid: number; readonly parent: number }
  | { readonly what: "exec"; readonly pid: number }
  | { readonly what: "uid"; readonly pid: number; readonly uid: number }
  | { readonly what: "exit"; readonly pid: number };

const NLMSG_HEADER = 16;
const CN_HEADER = 20;
const EVENT_HEADER = 16;
const FORK = 1;
const EXEC = 2;
const UID = 4;
const EXIT = 0x80000000;
const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const NLMSG_DONE = 3;
/** PROC_CN_MCAST_LISTEN */
const LISTEN = 1;

/** The events of one datagram; those about threads, and kinds that nobody needs, are left out. */
export function parseEvents(datagram: Buffer): ProcessEvent[] {
  const events: ProcessEvent[] = [];
  let at = 0;
  while (at + NLMSG_HEADER + CN_HEADER + EVENT_HEADER <= datagram.length) {
    const length = datagram.readUInt32LE(at);
    if (length < NLMSG_HEADER || at + length > datagram.length) break;
    const cn = at + NLMSG_HEADER;
    if (datagram.readUInt32LE(cn) === CN_IDX_PROC && datagram.readUInt32LE(cn + 4) === CN_VAL_PROC) {
      const event = parseEvent(datagram.subarray(cn + CN_HEADER, at + length));
      if (event) events.push(event);
    }
    at += (length + 3) & ~3;
  }
  return events;
}

function parseEvent(event: Buffer): ProcessEvent | null {
  if (event.length < EVENT_HEADER + 16) return null;
  const what = event.readUInt32LE(0);
  const word = (index: number) => event.readUInt32LE(EVENT_HEADER + index * 4);
  const [pid, tgid] = [word(0), word(1)];
  if (what === FORK) return word(2) === word(3) ? { what: "fork", pid: word(3), parent: tgid } : null;
  if (what === EXEC) return { what: "exec", pid: tgid };
  if (what === UID) return pid === tgid ? { what: "uid", pid, uid: word(3) } : null;
  if (what === EXIT) return pid === tgid ? { what: "exit", pid } : null;
  return null;
}

/** What lies in a datagram before the word of a process event by which the kernel tells what happened. */
const WHAT_AT = NLMSG_HEADER + CN_HEADER;

/**
 * Whether a datagram is the kernel's answer to a subscription. To whoever asks from within a pid or user namespace it says nothing, and tells
 * nothing; yet that one hears what others asked for, with numbers of processes that are not its own.
 */
export function isAnswer(datagram: Buffer, nonce: number): boolean {
  if (datagram.length < WHAT_AT + EVENT_HEADER + 4) return false;
  const [what, acknowledged] = [datagram.readUInt32LE(WHAT_AT), datagram.readUInt32LE(NLMSG_HEADER + 12)];
  return what === 0 && acknowledged === nonce + 1 && datagram.readUInt32LE(WHAT_AT + EVENT_HEADER) === 0;
}

/** The message that asks the kernel for process events. @param nonce below 2^32 - 1, by which its answer is known */
export function subscription(pid: number, nonce: number): Buffer {
  const message = Buffer.alloc(NLMSG_HEADER + CN_HEADER + 4);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(NLMSG_DONE, 4);
  message.writeUInt32LE(pid, 12);
  message.writeUInt32LE(CN_IDX_PROC, NLMSG_HEADER);
  message.writeUInt32LE(CN_VAL_PROC, NLMSG_HEADER + 4);
  message.writeUInt32LE(nonce, NLMSG_HEADER + 12);
  message.writeUInt16LE(4, NLMSG_HEADER + 16);
  message.writeUInt32LE(LISTEN, NLMSG_HEADER + CN_HEADER);
  return message;
}
