import { Lines, type Order, type Word } from "../channel.ts";
import { EAGAIN, EINTR, MSG_DONTWAIT, MSG_NOSIGNAL, receive, send } from "./calls.ts";
import { errno } from "./library.ts";

/** Bytes that wait for an agent that does not read, at most. What comes after is not said. */
const MAX_WAITING = 256 * 1024;

/** The agent's end, never waited for. */
export class AgentSocket {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(64 * 1024);
  readonly #lines = new Lines<Order>();
  #waiting = Buffer.alloc(0);

  constructor(fd: number) {
    this.fd = fd;
  }

  /** @returns null where the agent is gone */
  take(): Order[] | null {
    const length = Number(receive(this.fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT));
    if (length > 0) return this.#lines.take(this.#buffer.toString("utf8", 0, length));
    if (length < 0 && (errno() === EAGAIN || errno() === EINTR)) return [];
    return null;
  }

  /** @returns false where the agent reads too slowly to be told */
  say(word: Word): boolean {
    this.flush();
    if (this.#waiting.length > MAX_WAITING) return false;
    const line = Buffer.from(`${JSON.stringify(word)}\n`);
    this.#waiting = this.#waiting.length === 0 ? line : Buffer.concat([this.#waiting, line]);
    this.flush();
    return true;
  }

  flush(): void {
    while (this.#waiting.length > 0) {
      const sent = Number(send(this.fd, this.#waiting, this.#waiting.length, MSG_DONTWAIT | MSG_NOSIGNAL));
      if (sent <= 0) return;
      this.#waiting = this.#waiting.subarray(sent);
    }
  }
}
