import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openAgentDatabase } from "../state/open.ts";
import { DROPPER, infect, writeScripts } from "../testing/infection.ts";
import { makeScene, until } from "../testing/scene.ts";
import { joinServer } from "./join.ts";

const CODES = ["FORBIDDEN", "NOT_FOUND", "TOO_LARGE"];

/** Forwards all but uploads, which it answers in the server's words as long as `refuses`. */
async function middleMan(t: TestContext) {
  const between = { refuses: true, refused: 0, address: "" };
  const proxy = createServer((request, response) => {
    if (between.refuses && request.method === "PUT") {
      const code = CODES[between.refused++ % CODES.length];
      request.resume();
      const error = { code, message: "nothing of you is wanted here", hint: "give up" };
      return void response.writeHead(403, { connection: "close" }).end(JSON.stringify({ error }));
    }
    const { method, headers } = request;
    const onward = httpRequest(request.url!, { method: method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  between.address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return between;
}

test("refusals without a seal end no case: it is tried again, told after an hour, and arrives at last", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { dataDir, server, watched } = scene;
  const between = await middleMan(t);
  const { url, token } = server;
  await joinServer({ dataDir, url, token, hostname: "test", proxy: between.address });
  const scripts = await writeScripts(watched, 3);
  await scene.startAgent();
  await writeFile(join(watched, "setup.sh"), DROPPER, { mode: 0o755 });
  for (const path of scripts.slice(0, 2)) await infect(path);
  await until("each code", () => between.refused >= CODES.length);
  assert.equal(server.cases.size, 1);
  assert.equal(server.samples.size, 0);
  const told = () => (server.health?.notices ?? []).some((what) => what.includes("cannot be sent"));
  assert.equal(told(), false);

  const db = await openAgentDatabase(dataDir);
  const open = await db.selectFrom("suspect_case").select(["step", "attempts"]).execute();
  assert.deepEqual(
    open.map(({ step }) => step),
    ["opened"],
  );
  const before = new Date(Date.now() - 2 * 3_600_000).toISOString();
  await db.updateTable("suspect_case").set({ changed: before }).execute();
  await until("the notice", told);
  between.refuses = false;
  await db.updateTable("suspect_case").set({ next_try: 0 }).execute();
  await db.destroy();
  await until("the sample", () => server.samples.size === 1);
  await until("no notice", () => !told());
});
