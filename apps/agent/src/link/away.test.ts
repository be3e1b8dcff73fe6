import assert from "node:assert/strict";
import { createServer, type Server as HttpServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { makeScene, until } from "../testing/scene.ts";
import { joinServer } from "./join.ts";
import { proxyFor } from "./proxy.ts";

const listen = (server: HttpServer) =>
  new Promise<string>((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );

test("the proxy is the one of the join, else the environment's, and none for whom it exempts", () => {
  const env = {
    http_proxy: "http://user:pass@proxy:3128",
    HTTPS_PROXY: "secure:1",
    no_proxy: "inner.example, .corp:8480",
  };
  assert.equal(proxyFor("http://server:8480", "http://joined:1", env), "http://joined:1");
  assert.equal(proxyFor("http://server:8480", null, env), "http://user:pass@proxy:3128");
  assert.equal(proxyFor("https://server", null, env), "http://secure:1");
  assert.equal(proxyFor("http://a.inner.example", null, env), undefined);
  assert.equal(proxyFor("http://a.corp:8480", null, env), undefined);
  assert.equal(proxyFor("http://a.corp:80", null, env), env.http_proxy);
  for (const own of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"])
    assert.equal(proxyFor(own, null, env), undefined);
  assert.equal(proxyFor("http://server", null, { all_proxy: "socks5://x:1" }), undefined);
  assert.equal(proxyFor("http://server", null, { ALL_PROXY: "p:1", NO_PROXY: "*" }), undefined);
});

test("a proxy that wants a password, then a portal that answers everything, then the server again", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const seen = { portal: 0, refused: 0, forwarded: 0 };
  let portal = false;
  const wanted = `Basic ${Buffer.from("user:secret").toString("base64")}`;
  const proxy = createServer((request, response) => {
    if (request.headers["proxy-authorization"] !== wanted) {
      seen.refused++;
      return void response.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    }
    if (portal) {
      seen.portal++;
      return void response
        .writeHead(200, { "content-type": "text/html" })
        .end("<html><body>Welcome to this hotel, please log in</body></html>");
    }
    seen.forwarded++;
    const { "proxy-authorization": _, ...headers } = request.headers;
    const onward = httpRequest(request.url!, { method: request.method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.writeHead(502).end());
    request.pipe(onward);
  });
  const address = await listen(proxy);
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { dataDir, server } = scene;
  const join = (secret: string) =>
    joinServer({
      dataDir,
      url: server.url,
      token: server.token,
      hostname: "test",
      proxy: address.replace("//", `//user:${secret}@`),
    });
  await join("secret");
  portal = true;
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  await scene.startAgent({ info: note, warn: note, error: note });
  await until("the portal was met", () => seen.portal > 1);
  assert.ok(said.some((line) => /UNREACHABLE.*no Thymus server/.test(line)));
  portal = false;
  await until("it works again", () => server.health !== null);
  await until("that is said", () => said.some((line) => line.includes("works again")));
  await scene.stopAgent();
  await join("wrong");
  await scene.startAgent({ info: note, warn: note, error: note });
  await until("it is refused", () => seen.refused > 1);
});
