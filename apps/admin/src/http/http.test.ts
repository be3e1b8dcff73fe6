import assert from "node:assert/strict";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ErrorDocument, newId, silentLogger, ThymusError } from "@thymus/contracts";
import { startAdmin } from "../index.ts";
import type { Parts } from "../parts.ts";
import { House } from "../testing/house.ts";
import { openApiDocument } from "./openapi.ts";
import { buildServer } from "./server.ts";

let house: House;
before(async () => {
  house = await House.build({ policy: { submit: "propose" } });
});
after(() => house.tearDown());
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${house.admin.url}${path}`, { headers });

test("every running route is in the OpenAPI document, and the other way round", async () => {
  const parts = { repository: { folder: house.dir }, consoleDir: house.consoleDir } as unknown as Parts;
  const running = new Set<string>();
  const app = await buildServer(parts, ({ method, url }) => {
    const path = url.replace(/:(\w+)/g, "{$1}").replace("/tuf/*", "/tuf/{path}");
    for (const one of [method].flat()) if (one !== "HEAD") running.add(`${one} ${path}`);
  });
  await app.close();
  // The page's own files beside "/" are no interface.
  running.delete("GET /index.html");
  const { paths } = openApiDocument() as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual([...running].sort(), described.sort());
});

test("the OpenAPI document is served, whole, and every reference in it leads somewhere", async () => {
  const document = (await (await get("/api/openapi.json")).json()) as Record<string, unknown>;
  assert.equal(document.openapi, "3.1.0");
  const ids = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { $ref, operationId } = value as { $ref?: string; operationId?: string };
    if (operationId) {
      assert.ok(!ids.has(operationId), operationId);
      ids.add(operationId);
    }
    if (typeof $ref === "string") {
      let place: unknown = document;
      for (const part of $ref.replace("#/", "").split("/"))
        place = (place as Record<string, unknown>)?.[part];
      assert.ok(place, $ref);
    }
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(document);
  assert.ok(ids.size > 20);
});

test("the API is closed without its token, for every route", async () => {
  const { paths } = openApiDocument() as { paths: Record<string, Record<string, unknown>> };
  for (const [path, operations] of Object.entries(paths)) {
    if (!path.startsWith("/api/v1/")) continue;
    for (const method of Object.keys(operations)) {
      for (const authorization of [
        "",
        "Bearer wrong",
        `Bearer ${house.admin.apiToken}x`,
        `Basic ${house.admin.apiToken}`,
      ]) {
        const url = `${house.admin.url}${path.replace("{id}", "case-a")}`;
        const response = await fetch(url, { method: method.toUpperCase(), headers: { authorization } });
        assert.equal(response.status, 401, `${method} ${path}`);
        assert.equal(ErrorDocument.parse(await response.json()).error.code, "UNAUTHENTICATED");
      }
    }
  }
});

test("errors have the table's status and one shape", async () => {
  const cases: [string, unknown, string | undefined, number, string][] = [
    [`/api/v1/cases/${newId("case")}`, undefined, undefined, 404, "NOT_FOUND"],
    ["/api/v1/cases/nonsense", undefined, undefined, 400, "USAGE"],
    ["/api/v1/cases?limit=9999", undefined, undefined, 400, "USAGE"],
    ["/api/v1/cases?surprise=1", undefined, undefined, 400, "USAGE"],
    ["/api/v1/cases?before=x", undefined, undefined, 400, "USAGE"],
    ["/api/v1/nowhere", undefined, undefined, 404, "NOT_FOUND"],
    ["/api/v1/tokens", { role: "king" }, "POST", 400, "DOCUMENT_INVALID"],
    ["/api/v1/policy", { submit: "automatic" }, "PUT", 400, "DOCUMENT_INVALID"],
    [`/api/v1/prescriptions/${newId("rx")}/recall`, {}, "POST", 404, "NOT_FOUND"],
    ["/api/v1/tokens", { role: "x".repeat(100_000) }, "POST", 413, "TOO_LARGE"],
  ];
  for (const [path, body, method, status, code] of cases) {
    const answer = await house.api(path, body, method);
    assert.deepEqual([answer.status, ErrorDocument.parse(answer.body).error.code], [status, code], path);
  }
});

test("policy is read, set, refused where wrong, and survives a restart", async () => {
  assert.equal((await house.api("/api/v1/policy")).body.submit, "propose");
  const policy = { submit: "propose", repair: "observe", rollout: "automatic" };
  await house.api("/api/v1/policy", policy, "PUT");
  await house.restart();
  assert.deepEqual((await house.api("/api/v1/policy")).body, policy);
});

test("under propose a case waits for a person; pages follow each other without gap", async () => {
  const agent = await house.agent("paging");
  const ids = [];
  for (let n = 0; n < 5; n += 1) {
    const id = newId("case");
    ids.push(id);
    await agent.open(id, `page ${n}`);
  }
  const seen: string[] = [];
  let before = "";
  for (let page = 0; page < 5; page += 1) {
    const { body } = await house.api(`/api/v1/cases?stage=person&limit=2${before}`);
    seen.push(...body.cases.map((one: { id: string }) => one.id));
    if (body.next === null) break;
    before = `&before=${encodeURIComponent(body.next)}`;
  }
  assert.deepEqual(seen.sort(), ids.sort());
  const approved = await house.api(`/api/v1/cases/${ids[0]}/approve`, { why: "go" });
  assert.equal(approved.body.stage, "suspected");
  assert.equal((await house.api(`/api/v1/cases/${ids[0]}/approve`, {})).body.error.code, "CONFLICT");
  for (const id of ids) await house.api(`/api/v1/cases/${id}/reject`, {});
  assert.equal((await house.api("/api/v1/overview")).body.state, "well");
});

test("the event stream tells what changed", async () => {
  const agent = await house.agent("events");
  const response = await get("/api/v1/events", { authorization: `Bearer ${house.admin.apiToken}` });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const id = newId("case");
  await agent.open(id, "an event");
  let text = "";
  while (!text.includes(`"id":"${id}"`)) {
    const { value, done } = await reader.read();
    assert.ok(!done, text);
    text += value;
  }
  assert.match(text, /event: case\ndata: \{"type":"case"/);
  await reader.cancel();
});

test("health, figures and the page are open; headers hold the page to itself", async () => {
  assert.deepEqual(await (await get("/healthz")).json(), { status: "ok" });
  const figures = await (await get("/metrics")).text();
  for (const line of [
    /^thymus_cases\{stage="person"\} \d+$/m,
    /^thymus_queue_depth \d+$/m,
    /^thymus_agents\{state="well"\} \d+$/m,
  ]) {
    assert.match(figures, line);
  }
  assert.match(
    figures,
    /thymus_http_requests_total\{method="GET",route="\/api\/v1\/cases",status="200"\} \d+/,
  );
  assert.ok(!figures.includes(house.admin.apiToken));
  const page = await get("/");
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-security-policy")!, /^default-src 'self'/);
  assert.equal(page.headers.get("referrer-policy"), "no-referrer");
});

test("nothing but the published files is under /tuf/", async () => {
  for (const path of [
    "/tuf/../thymus.db",
    "/tuf/%2e%2e/thymus.db",
    "/tuf/..%2fapi-token",
    "/tuf/nothing.json",
    "/tuf/",
  ]) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.equal(response.headers.get("cache-control"), "no-store");
  }
});

test("the API token has mode 0600, and one that others may read is refused", async () => {
  const file = join(house.dir, "admin", "api-token");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await house.admin.close();
  await chmod(file, 0o644);
  const options = {
    dataDir: join(house.dir, "admin"),
    config: house.config,
    consoleDir: house.consoleDir,
    log: silentLogger,
  };
  await assert.rejects(
    startAdmin({ ...options, listen: "127.0.0.1:0" }),
    (error) => error instanceof ThymusError && error.code === "KEY_PERMISSIONS",
  );
  await chmod(file, 0o600);
  await assert.rejects(
    startAdmin({ ...options, listen: "nowhere" }),
    (error) => error instanceof ThymusError && error.code === "CONFIG_INVALID",
  );
  await house.start();
});

test("an address that is taken is said so", async () => {
  const options = {
    config: house.config,
    consoleDir: house.consoleDir,
    log: silentLogger,
    dataDir: join(house.dir, "second"),
  };
  await assert.rejects(
    startAdmin({ ...options, listen: new URL(house.admin.url).host }),
    (error) => error instanceof ThymusError && error.code === "CONFLICT",
  );
});

test("open cases are bounded; a case that analysis gave up makes room", async () => {
  const small = await House.build({ admin: { maxOpenCases: 2 } });
  const centre = await small.centre();
  const agent = await small.agent("busy");
  const first = newId("case");
  await agent.open(first, "first");
  await agent.open(newId("case"), "second");
  const full = (error: unknown) => error instanceof ThymusError && error.code === "TOO_MANY";
  await assert.rejects(agent.open(newId("case"), "third"), full);
  await agent.upload(first, "first", centre.recipient);
  const { work } = await centre.party.claim();
  await centre.party.analysed(work!, { gaveUp: { code: "NO_SOUND_RULE", why: "none" } });
  await agent.open(newId("case"), "third");
  assert.equal((await small.api(`/api/v1/cases/${first}`)).body.outcome, "gave-up");
  await assert.rejects(agent.open(newId("case"), "fourth"), full);
  await small.tearDown();
});

test("a sealed sample above the limit, of other bytes, or no age file is refused and leaves nothing", async () => {
  const small = await House.build({ admin: { maxSampleBytes: 1000 } });
  const centre = await small.centre();
  const agent = await small.agent("large");
  const id = newId("case");
  await agent.open(id, "large");
  const large = newId("case");
  await agent.open(large, "x".repeat(100_000));
  await assert.rejects(agent.upload(large, "x".repeat(100_000), centre.recipient), { code: "TOO_LARGE" });
  // Made longer on the way: no reason for the machine to give its case up.
  await assert.rejects(agent.upload(id, "x".repeat(100_000), centre.recipient), { code: "SEAL_BROKEN" });
  const { writeFile, readdir } = await import("node:fs/promises");
  await writeFile(join(small.dir, "plain"), "not sealed at all, so it is refused");
  await assert.rejects(
    (await agent.client()).uploadSample(id, join(small.dir, "plain")),
    (error) => error instanceof ThymusError && error.code === "SEAL_BROKEN",
  );
  assert.deepEqual(await readdir(join(small.dir, "admin", "samples")), []);
  await agent.upload(id, "large", centre.recipient);
  assert.equal((await small.api(`/api/v1/cases/${id}`)).body.stage, "submitted");
  await small.tearDown();
});

test("one machine can neither fill all places nor write into another's case", async () => {
  const small = await House.build({ admin: { maxOpenCases: 5 } });
  const [one, two] = [await small.agent("one"), await small.agent("two")];
  const theirs = newId("case");
  await two.open(theirs, "theirs");
  await one.open(newId("case"), "first");
  await one.open(newId("case"), "second");
  await assert.rejects(
    one.open(newId("case"), "third"),
    (error) => error instanceof ThymusError && error.code === "TOO_MANY" && /its share/.test(error.message),
  );
  await two.open(newId("case"), "more of theirs");
  const at = new Date().toISOString();
  await one.say({ type: "events", events: [{ case: theirs, at, what: "all is well, nothing to see" }] });
  const { history } = (await small.api(`/api/v1/cases/${theirs}`)).body as { history: { what: string }[] };
  assert.ok(!history.some(({ what }) => what.includes("nothing to see")));
  await small.tearDown();
});

test("a machine that seals something else under a sample's name keeps nobody from having it analysed", async () => {
  const small = await House.build();
  const centre = await small.centre();
  const [liar, honest] = [await small.agent("liar"), await small.agent("honest")];
  const forged = newId("case");
  await liar.open(forged, "the virus");
  await liar.upload(forged, "something else", centre.recipient);
  const { work } = await centre.party.claim();
  await centre.party.analysed(work!, { gaveUp: { code: "SEAL_BROKEN", why: "not what was announced" } });
  const id = newId("case");
  assert.deepEqual(await honest.open(id, "the virus"), { type: "case-opened", upload: true, known: null });
  await honest.upload(id, "the virus", centre.recipient);
  assert.equal((await centre.party.claim()).work?.case, id);
  await small.tearDown();
});
