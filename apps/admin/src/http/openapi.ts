import {
  type ErrorCode,
  ErrorDocument,
  errorTable,
  NumberExpr,
  PositionExpr,
  THYMUS_VERSION,
} from "@thymus/contracts";
import { z } from "zod";
import { apiRoutes } from "./api-routes.ts";
import { plainRoutes } from "./plain-routes.ts";
import type { ApiRoute } from "./route.ts";

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1) of every route, from the schemas that check them. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  const add = (path: string, method: string, operation: Json) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation };
  };
  for (const plain of plainRoutes) add(plain.path, plain.method, plain.operation);
  for (const route of apiRoutes) add(route.path, route.method, operationOf(route));
  return {
    openapi: "3.1.0",
    info: {
      title: "Thymus admin server",
      version: THYMUS_VERSION,
      description: "Cases, machines, prescriptions and policy of one organisation.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "The text of admin/api-token in the data folder.",
        },
      },
      schemas: {
        Error: jsonSchema(ErrorDocument, "output"),
        NumberExpr: expressions.NumberExpr,
        PositionExpr: expressions.PositionExpr,
      },
    },
  };
}

function operationOf(route: ApiRoute): Json {
  const content = (schema: unknown) => ({ "application/json": { schema } });
  const responses: Json = {
    200: { description: "Done", content: content(jsonSchema(route.reply, "output")) },
  };
  for (const [status, codes] of byStatus([
    "UNAUTHENTICATED",
    ...(route.body || route.params ? (["USAGE", "DOCUMENT_INVALID"] as const) : []),
    ...route.errors,
  ])) {
    responses[status] = {
      description: codes.join(", "),
      content: content({ $ref: "#/components/schemas/Error" }),
    };
  }
  return {
    operationId: route.id,
    summary: route.summary,
    security: [{ token: [] }],
    parameters: [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")],
    ...(route.body
      ? { requestBody: { required: true, content: content(jsonSchema(route.body, "input")) } }
      : {}),
    responses,
  };
}

function byStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { http } = errorTable[code];
    found.set(http, [...(found.get(http) ?? []), code]);
  }
  return found;
}

function parametersOf(schema: z.ZodType | undefined, place: "path" | "query"): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

/** The two schemas that refer to each other have a place of their own; all others are written out where they are used. */
const registry = z.registry<{ id: string }>();
registry.add(NumberExpr, { id: "NumberExpr" });
registry.add(PositionExpr, { id: "PositionExpr" });
const uri = (id: string) => `#/components/schemas/${id}`;
const expressions = strip(z.toJSONSchema(registry, { uri }).schemas) as Record<string, Json>;

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const local = z.registry<{ id: string }>();
  local.add(NumberExpr, { id: "NumberExpr" });
  local.add(PositionExpr, { id: "PositionExpr" });
  const name = "This";
  if (!local.has(schema)) local.add(schema, { id: name });
  const schemas = z.toJSONSchema(local, { uri, io }).schemas as Record<string, Json>;
  return strip(schemas[name]!) as Json;
}

/** Leaves out what names a schema's own address and dialect: OpenAPI says both. */
function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== "$schema" && key !== "$id");
  return Object.fromEntries(kept.map(([key, inner]) => [key, strip(inner)]));
}
