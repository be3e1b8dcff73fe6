/** HTTP/1.1 as a server reads and writes it (RFC 9112), with limits and patience for what is malformed. Pure. */

export interface Request {
  readonly method: string;
  /** As it was asked, with the query. */
  readonly target: string;
  /** Names in lower case; of a name that came more than once the values joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** Start line and header lines as they came. */
  readonly head: Buffer;
  /** Without the framing of chunks; only its start where `cut`. */
  readonly body: Buffer;
  readonly cut: boolean;
  /** Bytes that the request took on the wire. */
  readonly size: number;
}

export interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** Bytes of bodies that may be kept in memory at once, over all connections. */
export interface Allowance {
  left: number;
}

const MAX_HEAD = 64 * 1024;
/** Most bytes of one body that are kept. */
export const MAX_BODY = 8 * 1024 * 1024;
const MAX_CHUNK_LINE = 256;

type State = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "broken";

/** What one push made of the bytes. `proceed`: the sender waits for a `100 Continue`. `broken`: this is no HTTP. */
export type HttpEvent =
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "proceed" | "broken" };

/** Reads requests from a stream, one after the other. */
export class HttpReader {
  #rest: Buffer = Buffer.alloc(0);
  #state: State = "head";
  #start: Omit<Request, "body" | "cut" | "size"> | null = null;
  #body: Buffer[] = [];
  #kept = 0;
  #cut = false;
  #size = 0;
  /** Bytes that the body or the chunk still lacks. */
  #left = 0;
  readonly #allowance: Allowance;

  constructor(allowance: Allowance = { left: MAX_BODY }) {
    this.#allowance = allowance;
  }

  push(bytes: Buffer): HttpEvent[] {
    const events: HttpEvent[] = [];
    if (this.#state === "broken") return events;
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    while (this.#step(events));
    return events;
  }

  /** What has come of a request that is not whole yet, or null. */
  unfinished(): Buffer | null {
    const head = this.#start?.head ?? Buffer.alloc(0);
    const all = Buffer.concat([head, ...this.#body, ...(this.#state === "broken" ? [] : [this.#rest])]);
    return all.length > 0 ? all : null;
  }

  /** Gives back what it holds of the common allowance; nothing may be pushed afterwards. */
  close(): void {
    this.#release();
    this.#state = "broken";
  }

  /** One step; false where more bytes are needed. */
  #step(events: HttpEvent[]): boolean {
    switch (this.#state) {
      case "head":
        return this.#head(events);
      case "length":
      case "chunk": {
        if (this.#left > 0 && this.#rest.length === 0) return false;
        const part = this.#take(Math.min(this.#left, this.#rest.length));
        this.#keep(part);
        this.#left -= part.length;
        if (this.#left > 0) return false;
        if (this.#state === "length") this.#finish(events);
        else this.#state = "chunk-end";
        return true;
      }
      case "chunk-size":
      case "chunk-end":
      case "trailer": {
        const line = this.#line(events);
        if (line === null) return false;
        if (this.#state === "chunk-end") this.#state = line === "" ? "chunk-size" : this.#broken(events);
        else if (this.#state === "chunk-size") {
          const size = /^([0-9a-f]{1,8})[ \t]*(;.*)?$/i.exec(line)?.[1];
          if (size === undefined) this.#state = this.#broken(events);
          else {
            this.#left = Number.parseInt(size, 16);
            this.#state = this.#left === 0 ? "trailer" : "chunk";
          }
        } else if (line === "") this.#finish(events);
        return true;
      }
      default:
        return false;
    }
  }

  #take(length: number): Buffer {
    const part = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.#size += length;
    return part;
  }

  #keep(part: Buffer): void {
    const room = Math.min(part.length, MAX_BODY - this.#kept, this.#allowance.left);
    if (room < part.length) this.#cut = true;
    if (room <= 0) return;
    // A copy: the part must not hold the whole buffer that it came in.
    this.#body.push(Buffer.from(part.subarray(0, room)));
    this.#kept += room;
    this.#allowance.left -= room;
  }

  #line(events: HttpEvent[]): string | null {
    const end = this.#rest.indexOf(10);
    if (end < 0) {
      if (this.#rest.length > MAX_CHUNK_LINE) this.#state = this.#broken(events);
      return null;
    }
    return this.#take(end + 1)
      .toString("latin1")
      .replace(/\r?\n$/, "");
  }

  #broken(events: HttpEvent[]): State {
    events.push({ kind: "broken" });
    return "broken";
  }

  #head(events: HttpEvent[]): boolean {
    // Empty lines before a request are passed over (2.2).
    let start = 0;
    while (this.#rest[start] === 13 || this.#rest[start] === 10) start++;
    if (start > 0) this.#take(start);
    const end = headEnd(this.#rest);
    if (end < 0) {
      if (this.#rest.length > MAX_HEAD) this.#state = this.#broken(events);
      return false;
    }
    const head = Buffer.from(this.#take(end));
    this.#size = head.length;
    const parsed = readHead(head);
    if (!parsed) {
      this.#state = this.#broken(events);
      return false;
    }
    this.#start = parsed;
    const length = parsed.headers.get("content-length");
    if (/chunked/i.test(parsed.headers.get("transfer-encoding") ?? "")) this.#state = "chunk-size";
    else {
      this.#state = "length";
      this.#left = length !== undefined && /^\d{1,12}$/.test(length) ? Number(length) : 0;
    }
    if (/100-continue/i.test(parsed.headers.get("expect") ?? "")) events.push({ kind: "proceed" });
    return true;
  }

  #finish(events: HttpEvent[]): void {
    const request = { ...this.#start!, body: Buffer.concat(this.#body), cut: this.#cut, size: this.#size };
    this.#release();
    this.#state = "head";
    events.push({ kind: "request", request });
  }

  #release(): void {
    this.#allowance.left += this.#kept;
    [this.#start, this.#body, this.#kept, this.#cut, this.#size] = [null, [], 0, false, 0];
  }
}

/** Behind the empty line that ends a head, or -1. A lone line feed ends a line too (2.2). */
function headEnd(bytes: Buffer): number {
  const ends = ["\r\n\r\n", "\n\n", "\n\r\n"].map((mark) => {
    const at = bytes.indexOf(mark, 0, "latin1");
    return at < 0 ? Number.POSITIVE_INFINITY : at + mark.length;
  });
  const end = Math.min(...ends);
  return Number.isFinite(end) ? end : -1;
}

function readHead(head: Buffer): Omit<Request, "body" | "cut" | "size"> | null {
  const [first = "", ...lines] = head.toString("latin1").split(/\r?\n/);
  const parts = /^([A-Za-z]{1,20}) +(\S{1,8192})( +HTTP\/\d(\.\d)?)? *$/.exec(first);
  if (!parts) return null;
  const headers = new Map<string, string>();
  for (const line of lines.slice(0, 200)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { method: parts[1]!.toUpperCase(), target: parts[2]!, headers, head };
}

const reasons: Readonly<Record<number, string>> = {
  ...{
    100: "Continue",
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
  },
  ...{ 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found" },
  ...{ 405: "Method Not Allowed", 409: "Conflict", 413: "Payload Too Large", 500: "Internal Server Error" },
};

/** The bytes of a response. `now` in milliseconds since 1970. */
export function writeResponse(
  response: Response,
  options: { method: string; keep: boolean; now: number },
): Buffer {
  const body = Buffer.isBuffer(response.body) ? response.body : Buffer.from(response.body ?? "");
  const headers = {
    server: "nginx",
    date: new Date(options.now).toUTCString(),
    "content-type": "text/html; charset=utf-8",
    ...response.headers,
    "content-length": String(body.length),
    connection: options.keep ? "keep-alive" : "close",
  };
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value.replace(/[\r\n]/g, " ")}\r\n`,
  );
  const head = Buffer.from(
    `HTTP/1.1 ${response.status} ${reasons[response.status] ?? "OK"}\r\n${lines.join("")}\r\n`,
  );
  return options.method === "HEAD" || response.status === 204 ? head : Buffer.concat([head, body]);
}

/** Whether the sender wants to go on with this connection. */
export function keepsAlive(request: Request): boolean {
  const wish = (request.headers.get("connection") ?? "").toLowerCase();
  return /HTTP\/1\.0\s/.test(request.head.toString("latin1", 0, 9000))
    ? wish.includes("keep-alive")
    : !wish.includes("close");
}

/** The target's path (percent signs as they are) and query. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const local = target.replace(/^[a-z]+:\/\/[^/?]*/i, "") || "/";
  const mark = local.indexOf("?");
  return mark < 0
    ? { path: local, query: new URLSearchParams() }
    : { path: local.slice(0, mark), query: new URLSearchParams(local.slice(mark + 1)) };
}

/** The host that a request names, in lower case and without its port; null where it names none. */
export function hostOf(request: Request): string | null {
  const named = /^[a-z]+:\/\/([^/?:]+)/i.exec(request.target)?.[1] ?? request.headers.get("host");
  const host = (named ?? "")
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
  return /^[a-z0-9._:-]{1,253}$/.test(host) ? host : null;
}

export const json = (status: number, value: unknown): Response => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});
