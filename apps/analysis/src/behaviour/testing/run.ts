/** Runs written by hand, so that each sign and rule is tried without a chamber. */
import { createHash } from "node:crypto";
import type { Theft, TraceEvent } from "@thymus/contracts";
import type {
  ChamberResult,
  DroppedFile,
  NetworkExchange,
  PublishedPackage,
  World,
} from "../../chamber/chamber.ts";
import { emptyWorld } from "../../chamber/run/conditions.ts";
import { type Understanding, understand } from "../understand.ts";
import type { RunInput } from "../view.ts";

export const home = "/home/sam";
export const samplePath = `${home}/Downloads/invoice`;

type Event = Partial<TraceEvent> & Pick<TraceEvent, "what">;

export interface Written {
  readonly trace?: readonly Event[];
  readonly network?: readonly (Partial<NetworkExchange> & { readonly text?: string })[];
  /** New and changed files: path to content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** The world before: path to content. */
  readonly before?: Readonly<Record<string, string>>;
  readonly honey?: World["honey"];
  readonly packages?: World["packages"];
  readonly thefts?: readonly (Partial<Theft> & Pick<Theft, "how">)[];
  readonly published?: readonly (Partial<PublishedPackage> & { readonly content: Uint8Array })[];
  readonly sample?: string;
  readonly result?: Partial<ChamberResult>;
  readonly documents?: Readonly<Record<string, string>>;
}

const bytes = (content: string | Uint8Array) => Buffer.from(content as string);

function dropped(path: string, content: string | Uint8Array): DroppedFile {
  const data = bytes(content);
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { path, size: data.length, sha256, type: "other", file: `/out/${sha256}` };
}

export function written(run: Written): RunInput {
  const files = Object.entries(run.files ?? {});
  const network = (run.network ?? []).map(({ text = "", ...exchange }): NetworkExchange => {
    const sent = exchange.sent ?? Buffer.from(text);
    const given = {
      protocol: "http" as const,
      name: "collect.example",
      address: "203.0.113.9",
      port: 80,
      what: "GET /",
    };
    return { t: 1, bytesOut: sent.length, bytesIn: 0, excerpt: "", ...given, ...exchange, sent };
  });
  const published = (run.published ?? []).map(({ content, ...each }, index) => ({
    ...{ t: 1, ecosystem: "npm" as const, name: "left", version: "1.0.1", token: "npm_x", accepted: true },
    ...{ file: `/published/${index}`, size: content.length, before: "1.0.0", ...each },
  }));
  const result = {
    ...{ ended: "exited", exitStatus: 0, seconds: 1, decoys: [], traceLost: 0, networkLost: 0, output: "" },
    trace: (run.trace ?? []).map((event) => ({ t: 0.5, pid: 100, comm: "invoice", ...event })),
    dropped: files.map(([path, content]) => dropped(path, content)),
    network,
    published,
    ...run.result,
  } as unknown as ChamberResult;
  return {
    result,
    world: {
      ...emptyWorld,
      honey: run.honey ?? [],
      packages: run.packages ?? [],
      files: Object.entries(run.before ?? {}).map(([path, content]) => ({
        path,
        mode: 0o644,
        root: false,
        content: bytes(content),
      })),
    },
    thefts: (run.thefts ?? []).map((theft) => ({
      ...{ credential: "npm-token", path: `${home}/.npmrc`, t: 1, evidence: "seen" },
      ...theft,
    })),
    changed: [],
    renamed: new Map(),
    sample: { name: "invoice", type: "shell", bytes: bytes(run.sample ?? "#!/bin/sh\n") },
    contents: new Map(files.map(([path, content]) => [path, bytes(content)])),
    originals: new Map(Object.entries(run.documents ?? {}).map(([path, content]) => [path, bytes(content)])),
    published: new Map((run.published ?? []).map(({ content }, index) => [`/published/${index}`, content])),
  };
}

export interface Seen extends Understanding {
  /** Identifiers of the signs, with the weight where it is harmful: `key-added!`. */
  readonly ids: string[];
}

export function seen(run: Written): Seen {
  const view = understand(written(run));
  return {
    ...view,
    ids: view.facts.signs.map((sign) => `${sign.id}${sign.weight === "harmful" ? "!" : ""}`),
  };
}
