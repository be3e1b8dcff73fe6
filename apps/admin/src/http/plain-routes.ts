/** Descriptions of the routes that do not answer with one JSON document of ours. Their code is in the file named beside. */
import { LINK_CONTENT_TYPE } from "@thymus/trust";

const answer = (description: string, type: string) => ({
  200: { description, content: { [type]: { schema: { type: "string" } } } },
});
const path = (name: string) => ({ name, in: "path", required: true, schema: { type: "string" } });
const sealed = {
  required: true,
  content: { [LINK_CONTENT_TYPE]: { schema: { type: "string", contentMediaType: LINK_CONTENT_TYPE } } },
};

interface PlainRoute {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly operation: Record<string, unknown>;
}

function plain(
  method: PlainRoute["method"],
  place: string,
  operationId: string,
  summary: string,
  rest: Record<string, unknown>,
): PlainRoute {
  return { method, path: place, operation: { operationId, summary, security: [], ...rest } };
}

export const plainRoutes: readonly PlainRoute[] = [
  plain("GET", "/", "getConsole", "The console (http/static.ts)", {
    responses: answer("A page that reads everything through this API", "text/html"),
  }),
  plain("GET", "/healthz", "getHealth", "Alive and able to read its state (http/server.ts)", {
    responses: answer("It is", "application/json"),
  }),
  plain("GET", "/metrics", "getMetrics", "Figures for Prometheus (http/metrics.ts)", {
    responses: answer("Exposition format 0.0.4", "text/plain"),
  }),
  plain("GET", "/api/openapi.json", "getOpenApi", "This document (http/openapi.ts)", {
    responses: answer("OpenAPI 3.1", "application/json"),
  }),
  plain(
    "GET",
    "/api/v1/events",
    "streamEvents",
    "Server-sent events: what changed, without content (http/events.ts)",
    {
      security: [{ token: [] }],
      responses: {
        ...answer("case, progress, machine, prescription, policy", "text/event-stream"),
        401: {
          description: "UNAUTHENTICATED",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  ),
  plain("GET", "/tuf/{path}", "getTufFile", "A file of the TUF repository (http/static.ts)", {
    parameters: [path("path")],
    responses: {
      ...answer("As it was published", "application/octet-stream"),
      404: { description: "Not there" },
    },
  }),
  plain("POST", "/link/v1/enrol", "enrol", "A sealed enrolment (link/http.ts)", {
    requestBody: sealed,
    responses: answer("A sealed answer", LINK_CONTENT_TYPE),
  }),
  plain("POST", "/link/v1/message", "sendMessage", "A sealed message (link/http.ts)", {
    requestBody: sealed,
    responses: answer("A sealed answer", LINK_CONTENT_TYPE),
  }),
  plain(
    "PUT",
    "/link/v1/samples/{case}",
    "putSample",
    "A sample sealed to the analysis centre (link/http.ts)",
    {
      parameters: [
        path("case"),
        {
          name: "thymus-seal",
          in: "header",
          required: true,
          description: "The sealed, signed SampleUpload (base64url)",
          schema: { type: "string" },
        },
      ],
      requestBody: { required: true, content: { "application/octet-stream": { schema: {} } } },
      responses: answer("A sealed answer", LINK_CONTENT_TYPE),
    },
  ),
  plain(
    "POST",
    "/link/v1/samples/{case}/fetch",
    "fetchSample",
    "The sealed sample of a leased case (link/http.ts)",
    {
      parameters: [path("case")],
      requestBody: sealed,
      responses: answer("The age file, or a sealed refusal", "application/octet-stream"),
    },
  ),
];
