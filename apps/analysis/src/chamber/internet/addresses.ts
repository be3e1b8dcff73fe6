/** Stable, plausible public addresses for names, and which name an address was given out for. */
import { createHash } from "node:crypto";

/** Starts of networks in which much of the internet's content lies. */
const networks = [
  ...["104.18", "151.101", "185.199", "13.225", "34.117", "52.85", "142.250", "23.45", "172.67"],
  ...["99.86", "18.66", "104.26", "192.0", "140.82", "146.75", "95.101"],
];
/** Names that are remembered; a flood of further ones gets addresses that cannot be named later. */
const MAX_NAMES = 4096;

export class AddressBook {
  readonly #byName = new Map<string, string>();
  readonly #byAddress = new Map<string, string>();

  constructor(fixed: Readonly<Record<string, string>> = {}) {
    for (const [name, address] of Object.entries(fixed)) {
      this.#byName.set(name, address);
      this.#byAddress.set(address, name);
    }
  }

  /** The same name has the same address in every run; two names share one only by the rarest of chances. */
  addressOf(name: string): string {
    const known = this.#byName.get(name);
    if (known) return known;
    const hash = createHash("sha256").update(name).digest();
    let address = "";
    for (let turn = 0; turn < 8; turn++) {
      const network = networks[hash[turn * 3]! % networks.length]!;
      address = `${network}.${hash[turn * 3 + 1]! % 254}.${1 + (hash[turn * 3 + 2]! % 253)}`;
      if (!this.#byAddress.has(address)) break;
    }
    if (this.#byName.size < MAX_NAMES) {
      this.#byName.set(name, address);
      if (!this.#byAddress.has(address)) this.#byAddress.set(address, name);
    }
    return address;
  }

  nameOf(address: string): string | null {
    return this.#byAddress.get(address) ?? null;
  }
}

/** Addresses that everybody knows by heart. */
export const wellKnown: Readonly<Record<string, string>> = {
  "dns.google": "8.8.8.8",
  "one.one.one.one": "1.1.1.1",
  "dns9.quad9.net": "9.9.9.9",
  "metadata.google.internal": "169.254.169.254",
};
