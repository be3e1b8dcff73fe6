import { BlockList, isIP } from "node:net";
import { addRange, type Match, toPattern } from "./read-list.ts";

/** A list as it lies in a corpus folder. */
export interface StoredList {
  readonly name: string;
  readonly entries: Readonly<Record<Match, readonly string[]>>;
}

const HOST = /[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+/gi;
const ADDRESS = /[0-9a-f:]*:[0-9a-f:.]+|\d{1,3}(?:\.\d{1,3}){3}/gi;
/** Longer texts are judged by their first characters: expressions come from outside. */
const MAX_TEXT = 4096;

/** Whether a text is, or holds, what a list names: no rule may rest on it. */
export class Warner {
  readonly #name: string;
  readonly #strings: ReadonlySet<string>;
  readonly #substrings: readonly string[];
  readonly #hosts: ReadonlySet<string>;
  readonly #ranges = new BlockList();
  readonly #hasRanges: boolean;
  readonly #patterns: readonly RegExp[];

  constructor({ name, entries }: StoredList) {
    this.#name = name;
    this.#strings = new Set(entries.string);
    this.#substrings = entries.substring;
    this.#hosts = new Set(entries.hostname.map((host) => host.toLowerCase().replace(/^\.|\.$/g, "")));
    for (const range of entries.cidr) addRange(this.#ranges, range);
    this.#hasRanges = entries.cidr.length > 0;
    this.#patterns = entries.regex.map(toPattern);
  }

  /** The list's name where it warns of the text, otherwise null. */
  warned(whole: string): string | null {
    const text = whole.slice(0, MAX_TEXT);
    const hit =
      this.#strings.has(text) ||
      this.#substrings.some((part) => text.includes(part)) ||
      (this.#hosts.size > 0 && [...text.matchAll(HOST)].some(([host]) => this.#underHost(host))) ||
      (this.#hasRanges && [...text.matchAll(ADDRESS)].some(([address]) => this.#inRange(address))) ||
      this.#patterns.some((pattern) => pattern.test(text));
    return hit ? this.#name : null;
  }

  /** The host itself or one below it. */
  #underHost(host: string): boolean {
    const labels = host.toLowerCase().split(".");
    return labels.some((_, from) => this.#hosts.has(labels.slice(from).join(".")));
  }

  #inRange(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#ranges.check(address, family === 6 ? "ipv6" : "ipv4");
  }
}
