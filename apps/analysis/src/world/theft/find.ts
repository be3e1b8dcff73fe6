import type { Theft, TraceEvent } from "@thymus/contracts";
import type { HoneyCredential, NetworkExchange, PublishedPackage, World } from "../../chamber/chamber.ts";
import { type Find, Hunter, searchFor } from "./hunt.ts";
import { nameStreams } from "./names.ts";
import { makeNamePatterns } from "./patterns.ts";
import { findReads } from "./reads.ts";
import { PatternSearch } from "./search.ts";
import { belongsTo } from "./services.ts";
import { partAt, type Stream, streamsOf } from "./streams.ts";

/** Most findings that the contract's list takes. */
const MAX_THEFTS = 64;
/** A body that is no text is also looked at on its own, as one compressed stream; up to so many bytes in all. */
const MAX_ALONE = 4 * 1024 * 1024;

const printable = (text: string) => text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 200);
const isText = (bytes: Uint8Array) => bytes.subarray(0, 64).every((byte) => byte >= 9 && byte < 127);

/**
 * What became of the honey credentials: which were read, which left the machine, which were used. Nothing of what came
 * from the run is trusted; limits bound the work, and small streams come first so that a flood hides none of them.
 * @returns proofs first; at most 64
 */
export function findThefts(
  world: World,
  trace: readonly TraceEvent[],
  network: readonly NetworkExchange[],
  published: readonly PublishedPackage[],
): Theft[] {
  const left = [...findPublished(world, published), ...findSent(world, network)];
  const proofs = new Map<string, Theft>();
  for (const theft of left) {
    const key = `${theft.path}\n${theft.how}\n${theft.to}`;
    const before = proofs.get(key);
    if (!before || theft.t < before.t) proofs.set(key, theft);
  }
  const sorted = [...proofs.values()].sort((a, b) => a.t - b.t);
  return [...sorted, ...findReads(world, trace)].slice(0, MAX_THEFTS);
}

const registries = { npm: "registry.npmjs.org", pypi: "upload.pypi.org" } as const;

function findPublished(world: World, published: readonly PublishedPackage[]): Theft[] {
  return published.flatMap(({ t, token, ecosystem, name, version, accepted }) => {
    const credential = world.honey.find((one) => token !== null && one.needles.includes(token));
    if (!credential) return [];
    const what = `${printable(name)} ${printable(version)}`;
    const evidence = `${ofCredential(credential)} came with the publishing of ${what}, which was ${accepted ? "accepted" : "refused"}`;
    const to = registries[ecosystem];
    const { kind, path } = credential;
    return [
      { credential: kind, path, how: "used" as const, t, evidence, to, rightful: belongsTo(credential, to) },
    ];
  });
}

const ofCredential = ({ kind, path }: HoneyCredential) => `the ${kind} of ${path}`;

function findSent(world: World, network: readonly NetworkExchange[]): Theft[] {
  const needles: string[] = [];
  const owners: HoneyCredential[] = [];
  for (const credential of world.honey)
    for (const needle of credential.needles) {
      needles.push(needle);
      owners.push(credential);
    }
  const hunter = new Hunter(searchFor(needles));
  const thefts: Theft[] = [];
  const tell = (stream: Stream, finds: readonly Find[]) => {
    for (const find of finds) thefts.push(theftOf(owners[find.needle]!, stream, find));
  };
  const size = ({ parts }: Stream) => parts.reduce((sum, part) => sum + part.bytes.length, 0);
  const names = nameStreams(network);
  const streams = [...names, ...streamsOf(network)].map((stream) => ({ stream, size: size(stream) }));
  let alone = MAX_ALONE;
  for (const { stream } of streams.sort((a, b) => a.size - b.size)) {
    const only = stream.parts.length === 1;
    tell(stream, hunter.hunt(joined(stream), true));
    if (only || stream.where === "names asked") continue;
    for (const part of stream.parts) {
      if (isText(part.bytes) || part.bytes.length > alone) continue;
      alone -= part.bytes.length;
      tell({ ...stream, parts: [part] }, hunter.hunt(part.bytes, true));
    }
  }
  const lower = names.length > 0 ? new PatternSearch(makeNamePatterns(needles)) : null;
  for (const stream of names)
    lower?.search(
      Buffer.from(joined(stream).toString("latin1").toLowerCase(), "latin1"),
      ({ pattern, at, key }) => {
        if (key !== 0) return;
        const encodings = pattern.encoding === "" ? [] : [pattern.encoding];
        tell(stream, [{ needle: pattern.needle, encodings, at, length: pattern.bytes.length }]);
      },
    );
  return thefts;
}

const joined = ({ parts }: Stream): Buffer =>
  parts.length === 1 ? Buffer.from(parts[0]!.bytes) : Buffer.concat(parts.map((part) => part.bytes));

function theftOf(credential: HoneyCredential, stream: Stream, find: Find): Theft {
  const [first, last] = [partAt(stream, find.at), partAt(stream, find.at + find.length - 1)];
  const { exchange } = stream.parts[first]!;
  const rightful = belongsTo(credential, stream.host);
  const used = rightful && stream.shown;
  const how = used ? "used" : "sent";
  const encoded = find.encodings.length > 0 ? `as ${find.encodings.join(" of ")}` : "as it is";
  const split = last > first ? `, in ${last - first + 1} portions` : "";
  const host = printable(stream.host);
  const verb = used ? `was shown to its own service ${host}` : `left for ${host}:${exchange.port}`;
  const evidence = `${ofCredential(credential)} ${verb} by ${exchange.protocol} in ${printable(exchange.what)} (${printable(stream.where)}), ${encoded}${split}`;
  const { kind, path } = credential;
  return {
    credential: kind,
    path,
    how,
    t: exchange.t,
    evidence: evidence.slice(0, 1024),
    to: stream.host.slice(0, 255),
    rightful,
  };
}
