import ipaddr from "ipaddr.js";
import { type AddressRange, type Match, toPattern, toRange } from "./read-list.ts";

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
  readonly #ranges: readonly AddressRange[];
  readonly #patterns: readonly RegExp[];

  constructor({ name, entries }: StoredList) {
    this.#name = name;
    this.#strings = new Set(entries.string);
    this.#substrings = entries.substring;
    this.#hosts = new Set(entries.hostname.map((host) => host.toLowerCase().replace(/^\.|\.$/g, "")));
    this.#ranges = entries.cidr.map(toRange);
    this.#patterns = entries.regex.map(toPattern);
  }

  /** The list's name where it warns of the text, otherwise null. */
  warned(whole: string): string | null {
    const text = whole.slice(0, MAX_TEXT);
    const hit =
      this.#strings.has(text) ||
      this.#substrings.some((part) => text.includes(part)) ||
      (this.#hosts.size > 0 && [...text.matchAll(HOST)].some(([host]) => this.#underHost(host))) ||
      (this.#ranges.length > 0 && [...text.matchAll(ADDRESS)].some(([address]) => this.#inRange(address))) ||
      this.#patterns.some((pattern) => pattern.test(text));
    return hit ? this.#name : null;
  }

  /** The host itself or one below it. */
  #underHost(host: string): boolean {
    const labels = host.toLowerCase().split(".");
    return labels.some((_, from) => this.#hosts.has(labels.slice(from).join(".")));
  }

  #inRange(text: string): boolean {
    if (!ipaddr.IPv6.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text)) return false;
    const address = ipaddr.parse(text);
    return this.#ranges.some((range) => range[0].kind() === address.kind() && address.match(range));
  }
}
