/** Whom a program speaks with, in words. */
import type { NetworkRecord } from "@thymus/contracts";
import { type RunView, reachesOut } from "../view.ts";
import type { SignId } from "./catalogue.ts";
import { isRegistry } from "./hosts.ts";
import { type Detector, plural, type Sign, sign } from "./sign.ts";

const kinds: Readonly<Record<NetworkRecord["protocol"], SignId>> = {
  dns: "name-asked",
  http: "web-contact",
  https: "web-contact",
  smtp: "mail-contact",
  tls: "raw-contact",
  tcp: "raw-contact",
  udp: "raw-contact",
};
const LONG_LABEL = 20;
const MANY_LABELS = 3;
const MANY_ADDRESSES = 8;
const MANY_PORTS = 10;

const size = (bytes: number) => (bytes < 10_240 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`);

/** One sign for each server, whatever the number of exchanges. */
function servers(view: RunView): Sign[] {
  const groups = new Map<string, NetworkRecord[]>();
  for (const { exchange, host } of view.outward) {
    // Names asked for are told where nothing else was done with them.
    if (exchange.protocol === "dns") continue;
    const key = `${exchange.protocol} ${host}:${exchange.port}`;
    groups.set(key, [...(groups.get(key) ?? []), exchange]);
  }
  return [...groups.values()].map((records) => {
    const [first] = records as [NetworkRecord];
    const host = first.name ?? first.address;
    const out = records.reduce((sum, each) => sum + each.bytesOut, 0);
    const back = records.reduce((sum, each) => sum + each.bytesIn, 0);
    // A handshake that failed: what it wanted to say there nobody knows.
    if (first.protocol === "tls" && records.every((each) => each.what.startsWith("handshake, then")))
      return sign("unread-contact", {
        t: first.t,
        what: `began to speak with ${host}:${first.port} in a way that could not be read`,
        evidence: first.what,
      });
    return sign(isRegistry(host) ? "registry-contact" : kinds[first.protocol], {
      t: first.t,
      what: `spoke ${first.protocol} with ${host}:${first.port} (${plural(records.length, "time")}, ${size(out)} out, ${size(back)} in)`,
      evidence: records
        .slice(0, 3)
        .map((each) => each.what)
        .join("; "),
    });
  });
}

function names(view: RunView): Sign[] {
  const below = new Map<string, Set<string>>();
  const spoken = new Set(
    view.outward.filter(({ exchange }) => exchange.protocol !== "dns").map(({ host }) => host),
  );
  const silent: NetworkRecord[] = [];
  for (const { exchange, host } of view.outward) {
    if (exchange.protocol !== "dns") continue;
    const labels = host.split(".");
    const long = labels.slice(0, -2).filter((label) => label.length >= LONG_LABEL);
    if (long.length > 0) {
      const domain = labels.slice(-2).join(".");
      below.set(domain, new Set([...(below.get(domain) ?? []), ...long]));
    }
    if (!spoken.has(host)) silent.push(exchange);
  }
  const found: Sign[] = [];
  for (const [domain, labels] of below) {
    if (labels.size < MANY_LABELS) continue;
    found.push(
      sign("dns-tunnel", {
        t: view.outward.find(({ host }) => host.endsWith(domain))!.exchange.t,
        what: `hid data in ${labels.size} names below ${domain}`,
        evidence: [...labels].slice(0, 2).join(", ").slice(0, 200),
      }),
    );
  }
  if (silent.length > 0 && found.length === 0)
    found.push(
      sign("name-asked", {
        t: silent[0]!.t,
        what: `asked for ${plural(new Set(silent.map((each) => each.name)).size, "name")} and spoke with none of them`,
        evidence: silent
          .slice(0, 3)
          .map((each) => each.what)
          .join("; "),
      }),
    );
  return found;
}

/** Addresses that no name led to, and many ports of one address. */
function scans(view: RunView): Sign[] {
  const named = new Set(view.outward.flatMap(({ exchange }) => (exchange.name ? [exchange.address] : [])));
  const ports = new Map<string, Set<string>>();
  let first: number | null = null;
  for (const event of view.events) {
    const [, address, port] = /^inet ([\d.]+) port (\d+)$/.exec(event.detail ?? "") ?? [];
    if (event.what !== "connect" || address === undefined || port === "53" || port === "0") continue;
    if (reachesOut(event.detail!) && !named.has(address)) first ??= event.t;
    ports.set(address, new Set([...(ports.get(address) ?? []), port!]));
  }
  const bare = [...ports.keys()].filter((address) => !named.has(address) && !address.startsWith("127."));
  const most = Math.max(0, ...[...ports.values()].map((each) => each.size));
  if (bare.length < MANY_ADDRESSES && most < MANY_PORTS) return [];
  return [
    sign("scanning", {
      t: first ?? 0,
      what: `tried ${plural(bare.length, "address", "addresses")} that no name led to${most >= MANY_PORTS ? ` and ${most} ports of one` : ""}`,
      evidence: bare.slice(0, 6).join(", "),
    }),
  ];
}

/** Tries that the chamber's network did not answer: told where the trace saw more than the network did. */
function tries(view: RunView): Sign[] {
  if (view.outward.length > 0) return [];
  const out = view.events.filter((event) => event.what === "connect" && reachesOut(event.detail ?? ""));
  if (out.length === 0) return [];
  return [
    sign("raw-contact", {
      t: out[0]!.t,
      what: "tried to reach the network",
      evidence: `${plural(out.length, "connect")}, none of which left the chamber`,
      technique: "T1071",
    }),
  ];
}

export const contacts: Detector = (view) => {
  const found = [...servers(view), ...names(view), ...scans(view), ...tries(view)];
  const listen = view.events.find((event) => event.what === "listen");
  if (listen)
    found.push(
      sign("listens", {
        t: listen.t,
        what: "waited for connections",
        evidence: `${listen.comm} ${listen.detail ?? ""}`.trim(),
      }),
    );
  return found;
};
