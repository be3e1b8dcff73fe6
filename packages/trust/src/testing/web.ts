import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A server on loopback that ends with the test. Answers with its address. */
export async function serve(t: TestContext, handler: Handler): Promise<string> {
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy that only forwards absolute-form requests, as on port 80 of many companies; CONNECT is refused. */
export async function serveProxy(t: TestContext): Promise<{ url: string; forwarded: string[] }> {
  const forwarded: string[] = [];
  const url = await serve(t, (request, response) => {
    const target = request.url ?? "";
    if (!target.startsWith("http://")) return void response.writeHead(400).end("not in absolute form");
    forwarded.push(`${request.method} ${new URL(target).pathname}`);
    const { "proxy-connection": _, ...headers } = request.headers;
    const onward = httpRequest(target, { method: request.method ?? "GET", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.writeHead(502).end());
    request.pipe(onward);
  });
  return { url, forwarded };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
