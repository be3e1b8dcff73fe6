/** The packages that the fake registries offer, and who may publish what. Pure; contents come through `read`. */
import { createHash } from "node:crypto";

export type Ecosystem = "npm" | "pypi";

export interface Offer {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string;
  readonly owners: readonly string[];
  readonly fileName: string;
  readonly read: () => Buffer;
}

export interface Account {
  readonly ecosystem: Ecosystem;
  readonly account: string;
}

/** One name with its versions in the order in which they were offered; the last is the latest. */
export interface Listed {
  readonly name: string;
  readonly owners: readonly string[];
  readonly offers: Offer[];
}

const MAX_TOKEN = 512;

export class Registry {
  readonly #packages = new Map<string, Listed>();
  readonly #tokens: ReadonlyMap<string, Account>;
  /** What was found out about a file, computed once. */
  readonly #facts = new WeakMap<Offer, FileFacts>();

  constructor(offers: readonly Offer[] = [], tokens: Readonly<Record<string, Account>> = {}) {
    this.#tokens = new Map(Object.entries(tokens));
    for (const offer of offers) this.add(offer);
  }

  add(offer: Offer): void {
    const key = `${offer.ecosystem} ${normal(offer.ecosystem, offer.name)}`;
    const listed = this.#packages.get(key);
    if (listed) listed.offers.push(offer);
    else this.#packages.set(key, { name: offer.name, owners: [...offer.owners], offers: [offer] });
  }

  find(ecosystem: Ecosystem, name: string): Listed | null {
    return this.#packages.get(`${ecosystem} ${normal(ecosystem, name)}`) ?? null;
  }

  all(ecosystem: Ecosystem): Listed[] {
    return [...this.#packages].filter(([key]) => key.startsWith(`${ecosystem} `)).map(([, listed]) => listed);
  }

  /** Whom a token belongs to; null for one that nobody has, or that is of another registry. */
  account(ecosystem: Ecosystem, token: string | null): string | null {
    const known = token === null || token.length > MAX_TOKEN ? undefined : this.#tokens.get(token);
    return known?.ecosystem === ecosystem ? known.account : null;
  }

  tokensOf(account: string): string[] {
    return [...this.#tokens].filter(([, owner]) => owner.account === account).map(([token]) => token);
  }

  facts(offer: Offer): FileFacts {
    const known = this.#facts.get(offer);
    if (known) return known;
    const content = offer.read();
    const hash = (name: string) => createHash(name).update(content).digest();
    const facts = {
      size: content.length,
      sha1: hash("sha1").toString("hex"),
      sha256: hash("sha256").toString("hex"),
      integrity: `sha512-${hash("sha512").toString("base64")}`,
    };
    this.#facts.set(offer, facts);
    return facts;
  }
}

export interface FileFacts {
  readonly size: number;
  readonly sha1: string;
  readonly sha256: string;
  readonly integrity: string;
}

/** PEP 503 for Python; names of npm stand as they are. */
const normal = (ecosystem: Ecosystem, name: string) =>
  ecosystem === "pypi" ? name.toLowerCase().replace(/[-_.]+/g, "-") : name;

export const latest = (listed: Listed): Offer => listed.offers[listed.offers.length - 1]!;

/** The secret that came with a request: bearer token, or the password of basic authentication; null without one. */
export function tokenOf(authorization: string | undefined): string | null {
  const [scheme = "", value = ""] = (authorization ?? "").trim().split(/\s+/);
  if (/^bearer$/i.test(scheme)) return value.slice(0, MAX_TOKEN) || null;
  if (!/^basic$/i.test(scheme)) return null;
  const text = Buffer.from(value, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1).slice(0, MAX_TOKEN) || null;
}
