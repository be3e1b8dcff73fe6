import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type LinkRequest, newId, type Prescription, ThymusError } from "@thymus/contracts";
import { type LinkClient, TufPublisher } from "@thymus/trust";
import { Releases } from "./release.ts";

test("what retired is no target any more, and comes back as it was", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-release-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const sent: LinkRequest[] = [];
  let reachable = true;
  const link = {
    async send(request: LinkRequest) {
      if (!reachable) throw new ThymusError("UNREACHABLE", "no server", "wait");
      sent.push(request);
      return { type: "done" };
    },
  } as unknown as LinkClient;
  const publisher = await TufPublisher.open({ dir: join(dir, "tuf") });
  const retired = join(dir, "retired");
  const releases = new Releases(publisher, link, retired);
  // What a release looks at of a prescription.
  const [old, other, family] = [newId("rx"), newId("rx"), newId("rx")].map((id) => ({
    id,
  })) as Prescription[];
  for (const one of [old!, other!, family!]) await releases.publish(one);
  const targets = () => publisher.targets().toSorted();
  const named = (...all: Prescription[]) => all.map(({ id }) => `prescriptions/${id}.json`).sort();

  await releases.retire([]);
  assert.deepEqual(targets(), named(old!, other!, family!));
  await releases.retire([old!.id, other!.id, newId("rx")]);
  assert.deepEqual(targets(), named(family!));
  const messages = sent.length;
  await releases.retire([old!.id, other!.id]);
  assert.equal(sent.length, messages, "nothing is signed where nothing changed");

  // A restart knows what it took out; a server that cannot be reached is told later.
  const next = new Releases(publisher, link, retired);
  reachable = false;
  await assert.rejects(next.retire([other!.id]), { code: "UNREACHABLE" });
  reachable = true;
  await next.retire([other!.id]);
  assert.deepEqual(targets(), named(old!, family!));
  assert.deepEqual(await readdir(retired), [`${other!.id}.json`]);
  const files = await publisher.files();
  const back = files.find(({ path }) => path.includes(old!.id))!;
  assert.deepEqual(JSON.parse(Buffer.from(back.content).toString()), old);
  const last = sent.at(-1) as Extract<LinkRequest, { type: "publish" }>;
  assert.match(last.files.at(-1)!.path, /timestamp/);
});
