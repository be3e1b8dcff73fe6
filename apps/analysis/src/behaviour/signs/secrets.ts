/** What became of the user's secrets. */
import type { Theft } from "@thymus/contracts";
import { layersOf } from "../content/layers.ts";
import { type Outward, type RunView, readPath } from "../view.ts";
import { belongsTo } from "./hosts.ts";
import { type Detector, type Sign, short, sign } from "./sign.ts";

const techniques: readonly [RegExp, string][] = [
  [/ssh/, "T1552.004"],
  [/browser|cookies/, "T1555.003"],
  [/history/, "T1552.003"],
  [/keyring|password-store|wallet/, "T1555"],
];
const readingOf = (credential: string) =>
  techniques.find(([kind]) => kind.test(credential))?.[1] ?? "T1552.001";
const sending: Readonly<Record<string, string>> = {
  dns: "T1048.003",
  smtp: "T1048.003",
  udp: "T1048.003",
  tcp: "T1048.003",
};
const words = (credential: string) => `the ${credential.replaceAll("-", " ")}`;
/** Fewest kinds of credentials that no program has a reason to read together. */
const COLLECTION = 3;

function exchangeAt(view: RunView, t: number): Outward | undefined {
  return view.outward.find(({ exchange }) => Math.abs(exchange.t - t) < 0.001);
}

/** Where the login of a protocol ends and what is said begins; null where all of it is said. */
function loginEnd(sent: Buffer, protocol: string): number | null {
  if (protocol === "http" || protocol === "https") return sent.indexOf("\r\n\r\n");
  if (protocol === "smtp") return sent.indexOf("\r\nDATA\r\n");
  return null;
}

/** Whether the secret stands only where a login belongs: in the head of a request, not in its first line. */
function onlyInLogin(view: RunView, theft: Theft, { exchange }: Outward): boolean {
  const sent = Buffer.from(exchange.sent);
  const end = loginEnd(sent, exchange.protocol);
  // A protocol that nobody here knows: what the credential's own file names may be told it.
  if (end === null) return exchange.protocol !== "dns";
  const needles = view.world.honey
    .filter((honey) => honey.path === theft.path)
    .flatMap((honey) => honey.needles);
  const line =
    exchange.protocol === "smtp" ? Buffer.alloc(0) : sent.subarray(0, Math.max(0, sent.indexOf("\r\n")));
  const body = end < 0 ? [] : layersOf(sent.subarray(end + 4));
  return !needles.some((needle) => line.includes(needle) || body.some((layer) => layer.includes(needle)));
}

function theftSign(view: RunView, theft: Theft): Sign {
  const place = short(theft.path, view.home);
  const exchange = exchangeAt(view, theft.t);
  const host = exchange?.host ?? theft.to ?? "";
  const { t, evidence } = theft;
  const belongs = theft.rightful === true || belongsTo(view, theft.credential, theft.path, host);
  if (exchange && belongs && onlyInLogin(view, theft, exchange))
    return sign("secret-used-rightly", {
      t,
      what: `used ${words(theft.credential)} of ${place} at ${host}, where it belongs`,
      evidence,
    });
  if (theft.how === "used")
    return sign("secret-used", {
      t,
      what: `used ${words(theft.credential)} of ${place}${host ? ` at ${host}` : ""}`,
      evidence,
    });
  const wrapped = exchange ? `${exchange.exchange.protocol} ${exchange.exchange.what}` : "";
  return sign("secret-sent", {
    t,
    what: `sent ${words(theft.credential)} of ${place} to ${host || "a stranger"}`,
    evidence: wrapped && !evidence.includes(wrapped) ? `${evidence}; ${wrapped}` : evidence,
    technique: sending[exchange?.exchange.protocol ?? ""] ?? "T1041",
  });
}

/** Secrets in pieces, in the labels of names that were asked for, each piece behind a number of its own. */
function inNames(view: RunView): Sign[] {
  const texts = new Map<string, { t: number; labels: Set<string> }>();
  for (const { exchange, host } of view.outward) {
    const labels = host.split(".");
    if (exchange.protocol !== "dns" || labels.length < 3) continue;
    const domain = labels.slice(-2).join(".");
    const known = texts.get(domain) ?? { t: exchange.t, labels: new Set<string>() };
    for (const label of labels.slice(0, -2)) known.labels.add(label);
    texts.set(domain, known);
  }
  const found: Sign[] = [];
  for (const [domain, { t, labels }] of texts) {
    const pieces = [...labels]
      .filter((label) => label.length > 8)
      .map((label) => label.replace(/^\d{1,4}[-_]/, ""));
    const layers = layersOf(Buffer.from(pieces.join("")));
    for (const { kind, path, needles } of view.world.honey) {
      if (!needles.some((needle) => layers.some((layer) => layer.includes(needle)))) continue;
      found.push(
        sign("secret-sent", {
          t,
          what: `sent ${words(kind)} of ${short(path, view.home)} in names below ${domain}`,
          evidence: `${labels.size} labels, put together and decoded`,
          technique: "T1048.003",
        }),
      );
    }
  }
  return found;
}

export const secrets: Detector = (view) => {
  const found: Sign[] = [];
  const reads = new Map<string, Theft>();
  for (const theft of view.input.thefts)
    if (theft.how === "read") {
      if (!reads.has(theft.path)) reads.set(theft.path, theft);
    } else found.push(theftSign(view, theft));
  if (!found.some((each) => each.id === "secret-sent")) found.push(...inNames(view));
  for (const theft of reads.values())
    found.push(
      sign("reads-credential", {
        t: theft.t,
        what: `read ${words(theft.credential)} in ${short(theft.path, view.home)}`,
        evidence: theft.evidence,
        technique: readingOf(theft.credential),
      }),
    );
  const kinds = new Set([...reads.values()].map((theft) => theft.credential));
  const homeReads = new Set(
    view.events.flatMap((event) => (readPath(event)?.startsWith(`${view.home}/`) ? [event.path] : [])),
  );
  // Who reads the whole home, as a search or a backup does, comes upon credentials without looking for them.
  if (kinds.size >= COLLECTION && reads.size * 3 > homeReads.size)
    found.push(
      sign("collects-credentials", {
        t: Math.min(...[...reads.values()].map((theft) => theft.t)),
        what: `read credentials of ${kinds.size} kinds`,
        evidence: [...kinds].slice(0, 8).join(", "),
      }),
    );
  return found;
};
