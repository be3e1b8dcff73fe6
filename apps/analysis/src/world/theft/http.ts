/** What a request consists of, read from its first bytes with patience. */

export interface RequestParts {
  /** Method and target, e.g. `POST /collect`. */
  readonly line: string;
  /** Start line and headers without those that authorise. */
  readonly head: Buffer;
  /** Values of the headers that authorise. */
  readonly authorization: Buffer;
  readonly type: string;
  readonly body: Buffer;
  /** Values by name, of query, form, JSON and multipart; also each header's and each step's of the path. */
  readonly fields: readonly { readonly name: string; readonly value: Buffer }[];
}

const authorizing =
  /^(proxy-)?authorization$|^(x-)?(api-key|auth-token|access-token)$|^private-token$|^x-(npm|amz|vault|github|goog)-.*(token|key|auth|security)/;
const MAX_FIELDS = 200;

/** Parts of an HTTP request, or null where the bytes are none. */
export function readRequest(sent: Uint8Array): RequestParts | null {
  const bytes = Buffer.from(sent.buffer, sent.byteOffset, sent.byteLength);
  const end = /\r?\n\r?\n/.exec(bytes.toString("latin1", 0, 65_536));
  const head = end ? bytes.subarray(0, end.index + end[0].length) : bytes;
  const [first = "", ...lines] = head.toString("latin1").split(/\r?\n/);
  const line = /^([A-Z]{3,10}) (\S{1,8192})( HTTP\/[\d.]+)?$/.exec(first);
  if (!line) return null;
  const headers = lines.flatMap((text) => {
    const colon = text.indexOf(":");
    return colon < 1
      ? []
      : [{ name: text.slice(0, colon).trim().toLowerCase(), value: text.slice(colon + 1).trim() }];
  });
  const value = (name: string) => headers.find((header) => header.name === name)?.value ?? "";
  let body = bytes.subarray(head.length);
  if (/chunked/i.test(value("transfer-encoding"))) body = withoutChunks(body);
  const open = headers.filter(({ name }) => !authorizing.test(name));
  const closed = headers.filter(({ name }) => authorizing.test(name));
  const type = value("content-type");
  return {
    line: `${line[1]} ${line[2]}`,
    head: Buffer.from(
      [first, ...open.map((header) => `${header.name}: ${header.value}`)].join("\n"),
      "latin1",
    ),
    authorization: Buffer.from(closed.map((header) => header.value).join("\n"), "latin1"),
    type,
    body,
    fields: [
      ...target(line[2]!),
      ...open.map((header) => ({
        name: `header ${header.name}`,
        value: Buffer.from(header.value, "latin1"),
      })),
      ...bodyFields(body, type),
    ].slice(0, MAX_FIELDS),
  };
}

type Fields = { name: string; value: Buffer }[];

/** RFC 9112, 7.1; the body as it is where it is not framed so. */
function withoutChunks(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const line = /^([0-9a-fA-F]{1,8})[^\n]{0,200}\n/.exec(body.toString("latin1", at, at + 256));
    if (!line) return body;
    const size = Number.parseInt(line[1]!, 16);
    if (size === 0) break;
    parts.push(body.subarray(at + line[0].length, at + line[0].length + size));
    at += line[0].length + size + 2;
  }
  return parts.length > 0 ? Buffer.concat(parts) : body;
}

function percentDecoded(text: string): Buffer {
  const bytes = text
    .replaceAll("+", " ")
    .replace(/%([0-9a-fA-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, "latin1");
}

const form = (text: string): Fields =>
  text.split("&").flatMap((pair) => {
    const sign = pair.indexOf("=");
    return sign < 0
      ? []
      : [{ name: `field ${pair.slice(0, sign)}`, value: percentDecoded(pair.slice(sign + 1)) }];
  });

function target(text: string): Fields {
  const [path = "", query = ""] = text.replace(/^[a-z]+:\/\/[^/?]*/i, "").split("?", 2);
  const steps = path.split("/").slice(1);
  return [
    ...steps.map((step, at) => ({ name: `path ${at}`, value: percentDecoded(step.replaceAll("+", "%2b")) })),
    ...form(query),
  ];
}

function bodyFields(body: Buffer, type: string): Fields {
  const boundary = /^multipart\/[^;]*;.*boundary="?([^";]{1,100})/i.exec(type)?.[1];
  if (boundary !== undefined) return multipart(body, boundary);
  const first = body[0];
  if (first === 0x7b || first === 0x5b)
    try {
      return json(JSON.parse(body.toString("utf8")));
    } catch {
      return [];
    }
  return /form-urlencoded/i.test(type) ? form(body.toString("latin1")) : [];
}

function multipart(body: Buffer, boundary: string): Fields {
  const list: Fields = [];
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); at >= 0 && list.length < MAX_FIELDS; ) {
    const next = body.indexOf(mark, at + mark.length);
    const part = body.subarray(at + mark.length, next < 0 ? body.length : next);
    const start = part.indexOf("\r\n\r\n");
    const name = /name="([^"]{0,100})"/.exec(part.toString("latin1", 0, Math.max(0, start)))?.[1];
    if (start >= 0)
      list.push({
        name: `part ${name ?? ""}`,
        value: part.subarray(start + 4, Math.max(start + 4, part.length - 2)),
      });
    at = next;
  }
  return list;
}

/** Texts anywhere in a document, by the name of their field. */
function json(document: unknown): Fields {
  const list: Fields = [];
  const waiting: { name: string; value: unknown }[] = [{ name: "", value: document }];
  for (
    let one = waiting.shift();
    one && list.length < MAX_FIELDS && waiting.length < 5000;
    one = waiting.shift()
  ) {
    const { name, value } = one;
    if (typeof value === "string") list.push({ name: `field ${name}`, value: Buffer.from(value) });
    else if (Array.isArray(value))
      waiting.push(...value.slice(0, 1000).map((inner) => ({ name, value: inner as unknown })));
    else if (typeof value === "object" && value !== null)
      waiting.push(...Object.entries(value).map(([key, inner]) => ({ name: key, value: inner as unknown })));
  }
  return list;
}
