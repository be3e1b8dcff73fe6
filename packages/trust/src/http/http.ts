/**
 * One HTTP exchange through what companies put between: a plain proxy gets absolute-form requests (RFC 9112 section
 * 3.2.2); https targets go through it by CONNECT. Redirects are not followed, nothing is retried.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { ThymusError } from "@thymus/contracts";

const SILENCE_SECONDS = 30;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  /** URL of an HTTP proxy, e.g. `http://proxy.example:3128`. */
  readonly proxy?: string | undefined;
  readonly headers?: OutgoingHttpHeaders;
  /** Whole body, or a stream with its length in bytes. */
  readonly body?: Uint8Array | { readonly stream: AsyncIterable<Uint8Array>; readonly length: number };
  /** Ends the exchange when nothing was sent or received for so long; default 30. */
  readonly silenceSeconds?: number;
  /** Ends the exchange, body included, after so long. */
  readonly totalSeconds?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body as they come; fails with UNREACHABLE where the connection breaks. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives up the rest of the body. */
  cancel(): void;
}

/** @throws ThymusError UNREACHABLE */
export async function exchange(request: HttpRequest): Promise<HttpResponse> {
  const where = request.url.origin;
  try {
    const message = await start(request);
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      body: translated(message, where),
      cancel: () => message.destroy(),
    };
  } catch (thrown) {
    throw unreachable(where, thrown);
  }
}

/**
 * The whole body, never more than `maxBytes` in memory.
 * @throws ThymusError `TOO_LARGE` (or UNREACHABLE)
 */
export async function readAll(response: HttpResponse, maxBytes: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxBytes) {
      response.cancel();
      throw new ThymusError(
        "TOO_LARGE",
        `${what} is larger than ${maxBytes} bytes`,
        "ask whoever runs the server: nothing that large is expected there",
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws ThymusError CONFIG_INVALID where the text is no http or https address */
export function httpUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new ThymusError(
    "CONFIG_INVALID",
    `${what} ${text} is no http address`,
    "give it as http://HOST:PORT",
  );
}

async function start(request: HttpRequest): Promise<IncomingMessage> {
  const { url, body, silenceSeconds = SILENCE_SECONDS } = request;
  const secure = url.protocol === "https:";
  const length = body === undefined ? 0 : body.length;
  // Each exchange has its own connection: a kept one may be closed by the other side at the moment it is used again.
  const settings = { keepAlive: false, ...proxySettings(request.proxy) };
  const signals = [
    ...(request.signal ? [request.signal] : []),
    ...(request.totalSeconds ? [AbortSignal.timeout(Math.ceil(request.totalSeconds * 1000))] : []),
  ];
  const options = {
    method: request.method,
    headers: { ...(request.method === "GET" ? {} : { "content-length": length }), ...request.headers },
    timeout: silenceSeconds * 1000,
    ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
  };
  const outgoing = secure
    ? https.request(url, { ...options, agent: new https.Agent(settings) })
    : http.request(url, { ...options, agent: new http.Agent(settings) });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`silent for ${silenceSeconds} s`)));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
  });
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    return await answered;
  }
  // A server may refuse before it has read everything: then its answer counts, not the broken pipe.
  const sent = pipeline(body.stream, outgoing).then(
    () => answered,
    (thrown) => Promise.race([answered, new Promise<never>((_, reject) => setTimeout(reject, 1000, thrown))]),
  );
  return await Promise.race([answered, sent]);
}

function proxySettings(proxy: string | undefined): {
  proxyEnv?: { HTTP_PROXY: string; HTTPS_PROXY: string };
} {
  if (proxy === undefined) return {};
  const { href } = httpUrl(proxy, "the proxy");
  return { proxyEnv: { HTTP_PROXY: href, HTTPS_PROXY: href } };
}

async function* translated(message: IncomingMessage, where: string): AsyncGenerator<Uint8Array> {
  try {
    yield* message as AsyncIterable<Uint8Array>;
  } catch (thrown) {
    throw unreachable(where, thrown);
  }
}

function unreachable(where: string, thrown: unknown): ThymusError {
  if (thrown instanceof ThymusError) return thrown;
  const error = thrown as NodeJS.ErrnoException;
  const cause = error.cause instanceof Error ? error.cause : error;
  const why = cause.message || error.code || "the connection failed";
  return new ThymusError(
    "UNREACHABLE",
    `${where} cannot be reached: ${why}`,
    "check address, network and proxy; it is tried again",
    { cause: thrown },
  );
}
