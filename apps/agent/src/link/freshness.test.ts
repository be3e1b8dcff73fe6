import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { TufClient } from "@thymus/trust";
import { makeScene } from "../testing/scene.ts";
import { readEnrolment } from "./enrolment.ts";
import { Freshness } from "./freshness.ts";

const DAY = 86_400_000;
const MINUTES = 60_000;

test("what ran out while the machine was away is told, until it is renewed; what was verified stays readable", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server } = scene;
  const source = await TufClient.open({
    dir: join(scene.dir, "tuf"),
    rootJson: (await readEnrolment(scene.dataDir))!.tufRoot!,
    baseUrl: `${server.url}/tuf/`,
  });
  await server.publish("prescriptions/one.json", Buffer.from("one"));
  const freshness = new Freshness();
  await freshness.keep(source);
  assert.equal(source.expires, null, "nothing is fetched before anything is wanted");
  await freshness.over(source)!.refresh();
  await source.read("prescriptions/one.json");
  assert.deepEqual(freshness.notices(), []);

  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 4 * DAY });
  assert.match(freshness.notices().join(), /ran out at .*what is active stays active/);
  await freshness.keep(source);
  assert.match(freshness.notices().join(), /ran out .*TUF_EXPIRED/, "nobody renewed it there either");
  assert.equal((await source.read("prescriptions/one.json")).toString(), "one");

  await server.publish("prescriptions/two.json", Buffer.from("two"));
  await freshness.keep(source);
  assert.equal(freshness.notices().length, 1, "not tried again at once");
  t.mock.timers.setTime(Date.now() + 11 * MINUTES);
  await freshness.keep(source);
  assert.deepEqual(freshness.notices(), []);

  t.mock.timers.setTime(Date.now() + 2.5 * DAY);
  await server.publish("prescriptions/three.json", Buffer.from("three"));
  await freshness.keep(source);
  assert.ok(source.targets().includes("prescriptions/three.json"), "renewed before it runs out");
  assert.deepEqual(freshness.notices(), []);
});
