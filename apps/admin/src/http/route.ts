import type { ErrorCode } from "@thymus/contracts";
import type { z } from "zod";
import type { Parts } from "../parts.ts";

/** What is asked in a request, already checked against the route's schemas. */
export interface Asked<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

/** One operation of the API. The same description makes the running route and its part of the OpenAPI document. */
export interface ApiRoute {
  readonly method: "GET" | "POST" | "PUT";
  /** Path with `{name}` for each parameter. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Schema of the JSON answer. */
  readonly reply: z.ZodType;
  readonly errors: readonly ErrorCode[];
  handle(parts: Parts, asked: Asked<unknown, unknown, unknown>): Promise<unknown>;
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

/** Ties the types of a handler to its schemas. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType = z.ZodType,
>(
  definition: Omit<ApiRoute, "params" | "query" | "body" | "reply" | "handle"> & {
    params?: P;
    query?: Q;
    body?: B;
    reply: R;
    handle(parts: Parts, asked: Asked<Output<P>, Output<Q>, Output<B>>): Promise<z.input<R>>;
  },
): ApiRoute {
  return definition as unknown as ApiRoute;
}
