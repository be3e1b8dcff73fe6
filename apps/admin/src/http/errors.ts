import { asThymusError, errorTable, ThymusError } from "@thymus/contracts";
import type { FastifyError } from "fastify";

/** What the web framework refuses by itself, in our words. */
const FRAMEWORK: Readonly<Record<number, (message: string) => ThymusError>> = {
  400: (message) => new ThymusError("USAGE", message, "see /api/openapi.json"),
  // A folder of the static files: there is nothing to see.
  403: (message) => new ThymusError("NOT_FOUND", message, "see /api/openapi.json"),
  404: (message) => new ThymusError("NOT_FOUND", message, "see /api/openapi.json"),
  413: (message) => new ThymusError("TOO_LARGE", message, "send less at once"),
  415: (message) => new ThymusError("USAGE", message, "send application/json"),
};

/** Any thrown thing as our error with its status. */
export function statusAndError(thrown: unknown): { status: number; error: ThymusError } {
  const status = (thrown as Partial<FastifyError>).statusCode;
  const known = !(thrown instanceof ThymusError) && status !== undefined ? FRAMEWORK[status] : undefined;
  const error = known ? known((thrown as Error).message) : asThymusError(thrown);
  return { status: errorTable[error.code].http, error };
}
