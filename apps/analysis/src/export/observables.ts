/**
 * What the sample met, as observables. Decoys and addresses that the chamber invented are left out: outside they mean
 * nothing, and whoever imported them would look for them in vain.
 */
import { isIPv4, isIPv6 } from "node:net";
import { posix } from "node:path";
import type { AnalysisFacts, NetworkRecord, ProcessFacts } from "@thymus/contracts";
import { type ObservableType, observableId, processId } from "./identifiers.ts";

export interface Observable {
  readonly type: string;
  readonly spec_version: "2.1";
  readonly id: string;
  readonly [property: string]: unknown;
}

export class Observables {
  readonly #all = new Map<string, Observable>();

  /** Adds an observable, or gives back the id of the one that is the same. */
  add(type: ObservableType, properties: Readonly<Record<string, unknown>>): string {
    const id = observableId(type, properties);
    if (!this.#all.has(id)) this.#all.set(id, { type, spec_version: "2.1", id, ...properties });
    return id;
  }

  /** Several exchanges that STIX cannot tell apart are one, with the sum of their bytes. */
  addTraffic(properties: Readonly<Record<string, unknown>>, bytesOut: number, bytesIn: number): void {
    const id = this.add("network-traffic", properties);
    const { src_byte_count: out = 0, dst_byte_count: into = 0, ...rest } = this.#all.get(id)!;
    this.#all.set(id, {
      ...rest,
      type: "network-traffic",
      spec_version: "2.1",
      id,
      src_byte_count: (out as number) + bytesOut,
      dst_byte_count: (into as number) + bytesIn,
    });
  }

  addProcess(id: string, properties: Readonly<Record<string, unknown>>): void {
    this.#all.set(id, { type: "process", spec_version: "2.1", id, ...properties });
  }

  list(): Observable[] {
    return [...this.#all.values()];
  }
}

/** A file by its path; a name that has no folder stands alone. Without a path it is known by its hash, which must be there. */
export function addFile(
  into: Observables,
  path: string,
  more: { readonly sha256?: string | null; readonly size?: number | null } = {},
): string {
  const name = posix.basename(path) || path;
  const folder = path.startsWith("/") ? posix.dirname(path) : null;
  return into.add("file", {
    ...(name ? { name: name.toWellFormed() } : {}),
    ...(more.sha256 ? { hashes: { "SHA-256": more.sha256 } } : {}),
    ...(typeof more.size === "number" ? { size: more.size } : {}),
    ...(folder ? { parent_directory_ref: into.add("directory", { path: folder.toWellFormed() }) } : {}),
  });
}

export function addProcesses(into: Observables, facts: AnalysisFacts): void {
  const idOf = (process: ProcessFacts) => processId(facts.case, process.pid, process.started);
  const latest = new Map<number, ProcessFacts>();
  for (const process of [...facts.processes].sort((a, b) => a.started - b.started)) {
    const parent = process.ppid === null ? undefined : latest.get(process.ppid);
    into.addProcess(idOf(process), {
      pid: process.pid,
      ...(process.command ? { image_ref: addFile(into, process.command) } : {}),
      ...(parent ? { parent_ref: idOf(parent) } : {}),
    });
    latest.set(process.pid, process);
  }
}

const stacks: Readonly<Record<Exclude<NetworkRecord["protocol"], "dns">, readonly string[]>> = {
  http: ["tcp", "http"],
  https: ["tcp", "https"],
  smtp: ["tcp", "smtp"],
  tls: ["tcp", "tls"],
  tcp: ["tcp"],
  udp: ["udp"],
};

const request = /^([A-Z]{3,10}) (\/[^\s]*)/;

/**
 * The destination is the name where one was asked for: its address is the chamber's invention. Else it is the address
 * that the sample itself knew. The machine's own addresses are no network.
 */
function destination(into: Observables, { name, address }: NetworkRecord): string | null {
  if (name && /^[a-z0-9_-]+(\.[a-z0-9_-]+)+\.?$/i.test(name))
    return into.add("domain-name", { value: name.toLowerCase().replace(/\.$/, "") });
  if (name && !isIPv4(name) && !isIPv6(name)) return null;
  const known = name ?? address;
  if (isIPv4(known)) return /^(127|0)\./.test(known) ? null : into.add("ipv4-addr", { value: known });
  if (isIPv6(known))
    return /^::1?$/.test(known) ? null : into.add("ipv6-addr", { value: known.toLowerCase() });
  return null;
}

/** Ids of the names, addresses and URLs that the sample asked for or spoke with. */
export function addNetwork(into: Observables, facts: AnalysisFacts): string[] {
  const contacted = new Set<string>();
  for (const record of facts.network) {
    const to = destination(into, record);
    if (!to) continue;
    contacted.add(to);
    if (record.protocol === "dns") continue;
    const [, method, path] = request.exec(record.what) ?? [];
    const web = record.protocol === "http" || record.protocol === "https";
    into.addTraffic(
      {
        dst_ref: to,
        ...(record.port > 0 ? { dst_port: record.port } : {}),
        protocols: stacks[record.protocol],
        ...(web && method && path
          ? {
              extensions: {
                "http-request-ext": {
                  request_method: method.toLowerCase(),
                  request_value: path.toWellFormed(),
                },
              },
            }
          : {}),
      },
      record.bytesOut,
      record.bytesIn,
    );
    const url = web && path ? urlOf(record, path) : null;
    if (url) contacted.add(into.add("url", { value: url }));
  }
  return [...contacted];
}

function urlOf({ protocol, name, address, port }: NetworkRecord, path: string): string | null {
  const host = name ?? (isIPv6(address) ? `[${address}]` : address);
  const url = `${protocol}://${host}${port > 0 ? `:${port}` : ""}${path}`;
  return URL.canParse(url) ? new URL(url).href : null;
}
