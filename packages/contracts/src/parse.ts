import type { z } from "zod";
import { type ErrorCode, ThymusError } from "./errors.ts";

/**
 * Checks an outside document against its schema. Refuses unknown fields, since every document schema is strict.
 * @throws ThymusError DOCUMENT_INVALID (or `code`) that names the place of the first fault
 */
export function parseDocument<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
  code: ErrorCode = "DOCUMENT_INVALID",
): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = [
    ...issue.path,
    ...("keys" in issue && issue.code === "unrecognized_keys" ? [issue.keys[0]!] : []),
  ];
  const place = path.length > 0 ? path.map(String).join(".") : "the top level";
  throw new ThymusError(code, `${what}: ${issue.message} at ${place}`, "correct or remove that field");
}

/** Parses JSON text and checks it; a syntax error is told like any other fault of the document. */
export function parseJsonDocument<S extends z.ZodType>(schema: S, text: string, what: string): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ThymusError(
      "DOCUMENT_INVALID",
      `${what} is not JSON: ${(cause as Error).message}`,
      "check the file",
      {
        cause,
      },
    );
  }
  return parseDocument(schema, value, what);
}
