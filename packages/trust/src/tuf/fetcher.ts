import { rm, writeFile } from "node:fs/promises";
import { asThymusError, ThymusError } from "@thymus/contracts";
import type { Fetcher } from "tuf-js";
import { DownloadHTTPError, DownloadLengthMismatchError } from "tuf-js/dist/error.js";
import { temporaryName } from "../files/atomic.ts";
import { exchange, readAll } from "../http/http.ts";

const SILENCE_SECONDS = 20;
/** Against a server that sends for ever, a byte at a time. */
const TOTAL_SECONDS = 120;

export interface FetcherOptions {
  readonly scratch: string;
  readonly proxy?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Downloads for tuf-js, bounded in size and time, and remembers what came, since tuf-js tells errors as text only. */
export class RepositoryFetcher implements Fetcher {
  readonly #options: FetcherOptions;
  /** Why the last download failed, unless it is an answer that tuf-js expects (no newer root). */
  failure: ThymusError | null = null;
  /** The last downloaded file: the one that was judged when tuf-js refuses. */
  latest: { readonly name: string; readonly content: Uint8Array } | null = null;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    const name = nameOf(url);
    try {
      const { proxy, signal } = this.#options;
      const response = await exchange({
        method: "GET",
        url: new URL(url),
        proxy,
        signal,
        silenceSeconds: SILENCE_SECONDS,
        totalSeconds: TOTAL_SECONDS,
      });
      if (response.status !== 200) {
        response.cancel();
        throw new DownloadHTTPError(`status ${response.status}`, response.status);
      }
      const content = Buffer.from(await readAll(response, maxLength, name));
      this.latest = { name, content };
      return content;
    } catch (thrown) {
      if (thrown instanceof DownloadHTTPError) {
        const expected = name.endsWith(".root.json") && [403, 404].includes(thrown.statusCode);
        this.failure = expected ? null : unavailable(`${name}: ${thrown.message}`, thrown);
        throw thrown;
      }
      const error = asThymusError(thrown);
      if (error.code === "TOO_LARGE") {
        this.failure = tampered(`${name} is longer than its signed length`, error);
        throw new DownloadLengthMismatchError(error.message);
      }
      this.failure = unavailable(error.message, error);
      throw this.failure;
    }
  }

  async downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    const content = await this.downloadBytes(url, maxLength);
    const file = temporaryName(`${this.#options.scratch}/download`);
    try {
      await writeFile(file, content, { mode: 0o600, flag: "wx" });
      return await handler(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}

export function unavailable(why: string, cause?: unknown): ThymusError {
  return new ThymusError(
    "TUF_UNAVAILABLE",
    `the prescription repository cannot be read: ${why}`,
    "check network and address; what was verified before stays in use",
    { cause },
  );
}

export function tampered(why: string, cause?: unknown): ThymusError {
  return new ThymusError(
    "TUF_TAMPERED",
    `the prescription repository was changed by somebody without its keys: ${why}`,
    "look at the server or mirror that carries it; what was verified before stays in use",
    { cause },
  );
}

function nameOf(url: string): string {
  return decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
}
