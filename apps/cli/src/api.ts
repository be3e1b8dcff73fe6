/** The command's side of the admin server's documented API. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCodes, ThymusError } from "@thymus/contracts";
import { z } from "zod";
import type { Context } from "./context.ts";

const ErrorBody = z.object({
  error: z.object({ code: z.enum(errorCodes), message: z.string(), hint: z.string() }),
});

/** Where the running admin server of this data folder listens; written by `thymus admin`. */
export const urlFile = (dataDir: string): string => join(dataDir, "admin", "url");

export class Api {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  /** @throws ThymusError NOT_FOUND where this data folder has no admin server */
  static of(context: Context): Api {
    const token = join(context.dataDir, "admin", "api-token");
    if (!existsSync(token))
      throw new ThymusError(
        "NOT_FOUND",
        `${context.dataDir} has no admin server`,
        "run this on the machine of `thymus up`, or name its --data",
      );
    const url = existsSync(urlFile(context.dataDir))
      ? readFileSync(urlFile(context.dataDir), "utf8").trim()
      : `http://${context.config.admin.listen}`;
    return Api.at(context, url);
  }

  static at(context: Context, url: string): Api {
    return new Api(url, readFileSync(join(context.dataDir, "admin", "api-token"), "utf8").trim());
  }

  /** @throws ThymusError the server's own, or UNREACHABLE */
  async request(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.url), {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
    } catch (cause) {
      throw new ThymusError(
        "UNREACHABLE",
        `the admin server at ${this.url} does not answer`,
        "start it with: thymus up",
        { cause },
      );
    }
    const value: unknown = response.status === 204 ? null : await response.json().catch(() => null);
    if (response.ok) return value;
    const told = ErrorBody.safeParse(value);
    if (told.success)
      throw new ThymusError(told.data.error.code, told.data.error.message, told.data.error.hint);
    throw new ThymusError(
      "INTERNAL",
      `the admin server answered ${response.status} to ${method} ${path}`,
      "see its log",
    );
  }
}
