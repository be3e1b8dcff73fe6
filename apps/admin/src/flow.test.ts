import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { newId, ThymusError } from "@thymus/contracts";
import { openSample, TufClient } from "@thymus/trust";
import { type Centre, House, Party, prescriptionFor, publish } from "./testing/house.ts";

let house: House;
let centre: Centre;
let patient: Party;
let neighbour: Party;

before(async () => {
  house = await House.build();
  centre = await house.centre();
  patient = await house.agent("patient");
  neighbour = await house.agent("neighbour");
});
after(() => house.tearDown());

const coded = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ThymusError, String(error));
  assert.equal(error.code, code);
  return true;
};
const stageOf = async (id: string) => (await house.api(`/api/v1/cases/${id}`)).body.stage;

test("the whole loop: open, upload, claim, fetch, publish, analysed, patient, rollout, closed", async () => {
  const bytes = "#!/bin/sh\necho the whole loop\n";
  const id = newId("case");
  const waiting = centre.party.claim(20);
  assert.deepEqual(await patient.open(id, bytes), { type: "case-opened", upload: true, known: null });
  assert.equal((await patient.open(id, bytes)).upload, true, "asked again, the same answer");
  await patient.upload(id, bytes, centre.recipient);
  assert.equal((await patient.open(id, bytes)).upload, false);

  const { work } = await waiting;
  assert.equal(work!.case, id, "the waiting claim is answered at once");
  assert.equal(await stageOf(id), "analysing");
  const sealed = join(house.dir, "fetched.age");
  await (await centre.party.client()).downloadSample(id, work!.lease, sealed);
  const opened = await openSample(sealed, centre.identity, join(house.dir, "fetched"), 1 << 20);
  assert.equal(opened.sha256, work!.sample.sha256);
  const stored = join(house.dir, "admin", "samples");
  assert.equal((await stat(join(stored, `${id}.age`))).mode & 0o777, 0o600);

  const folded = newId("case");
  assert.equal((await neighbour.open(folded, bytes)).upload, false, "the same sample is one case");

  const prescription = prescriptionFor(bytes);
  await publish(centre, prescription);
  const { revision } = await neighbour.sync();
  const held = neighbour.sync(revision, 20);
  await centre.party.analysed(work!, { prescription });
  await centre.party.analysed(work!, { prescription });
  assert.equal(await stageOf(id), "patient");
  assert.deepEqual((await patient.sync()).assigned, [prescription.id]);
  assert.deepEqual((await held).assigned, [], "nobody but the patient has it yet");
  await assert.rejects(neighbour.outcome(prescription), coded("FORBIDDEN"));

  await patient.outcome(prescription, { case: id });
  await patient.outcome(prescription, { case: id });
  assert.equal(await stageOf(id), "rollout");
  assert.deepEqual((await neighbour.sync()).assigned, [prescription.id]);
  await neighbour.outcome(prescription, { files: [] });

  const { body } = await house.api(`/api/v1/cases/${id}`);
  assert.deepEqual([body.stage, body.outcome, body.family], ["closed", "healed", "sh.test"]);
  assert.deepEqual(
    body.history.map((entry: { stage: string }) => entry.stage),
    [
      "suspected",
      "submitted",
      "analysing",
      "analysing",
      "prescribed",
      "patient",
      "patient",
      "rollout",
      "rollout",
      "closed",
    ],
  );
  assert.deepEqual(
    (await patient.sync()).cases.map((ended) => [ended.id, ended.outcome]),
    [[id, "healed"]],
  );
  assert.deepEqual(
    (await neighbour.sync()).cases.map((ended) => ended.id),
    [folded],
    "told under its own id",
  );
  assert.deepEqual(await readdir(stored), [], "the sealed sample is gone with its case");
  assert.equal((await house.api(`/api/v1/cases/${id}/report`)).body.said, "by the test");

  const tuf = await TufClient.open({
    dir: join(house.dir, "client"),
    rootJson: centre.tuf.root(),
    baseUrl: `${house.admin.url}/tuf`,
  });
  await tuf.refresh();
  const target = await tuf.read(`prescriptions/${prescription.id}.json`);
  assert.equal(JSON.parse(Buffer.from(target).toString()).id, prescription.id);
  const shown = (await house.api(`/api/v1/prescriptions/${prescription.id}`)).body;
  assert.equal(shown.proof.decoys.freshDetected, 4);
  assert.deepEqual(shown.outcomes, { machines: 2, healthy: 2, repaired: 1, refused: 0, failed: 0 });

  const again = newId("case");
  assert.deepEqual(await neighbour.open(again, bytes), {
    type: "case-opened",
    upload: false,
    known: prescription.id,
  });
  assert.equal((await house.api(`/api/v1/cases/${again}`)).body.outcome, "known");

  await house.restart();
  assert.equal((await patient.sync()).revision, (await neighbour.sync()).revision);
  assert.ok((await patient.sync()).revision >= revision, "the revision never goes back");

  await house.api(`/api/v1/prescriptions/${prescription.id}/recall`, { why: "a test" });
  const told = await patient.sync();
  assert.deepEqual([told.assigned, told.recalled], [[], [prescription.id]]);
  assert.equal(
    (await neighbour.open(newId("case"), bytes)).known,
    null,
    "a recalled prescription answers nothing",
  );
});

async function analysing(bytes: string) {
  const id = newId("case");
  await patient.open(id, bytes);
  await patient.upload(id, bytes, centre.recipient);
  const { work } = await centre.party.claim(5);
  assert.equal(work!.case, id);
  return { id, work: work! };
}

test("a lease that ran out is given again; the late result counts, a late failure does not", async () => {
  const { id, work } = await analysing("lease one");
  house.ahead += 61_000;
  const second = (await centre.party.claim(5)).work!;
  assert.equal(second.case, id);
  assert.notEqual(second.lease, work.lease);
  await centre.party.analysed(work, { gaveUp: { code: "INTERRUPTED", why: "stopped" } });
  assert.equal(await stageOf(id), "analysing");
  await assert.rejects(
    centre.party.say({ type: "renew", case: id, lease: work.lease, leaseSeconds: 60, progress: "" }),
    coded("CONFLICT"),
  );
  await centre.party.analysed(work, { harmless: true });
  await centre.party.analysed(second, { gaveUp: { code: "X", why: "late" } });
  const { body } = await house.api(`/api/v1/cases/${id}`);
  assert.deepEqual([body.stage, body.outcome], ["closed", "harmless"]);
});

test("a sample that ends every analysis comes to a person, and can be analysed once more", async () => {
  const { id } = await analysing("poison");
  for (let round = 0; round < 7; round += 1) {
    house.ahead += 61_000;
    assert.equal((await centre.party.claim(5)).work!.case, id);
  }
  house.ahead += 61_000;
  assert.equal((await centre.party.claim(2.5)).work, null);
  const { body } = await house.api(`/api/v1/cases/${id}`);
  assert.deepEqual([body.stage, body.waits], ["person", "gave-up"]);
  assert.equal((await house.api(`/api/v1/cases/${id}/approve`, {})).body.stage, "submitted");
  await house.api(`/api/v1/cases/${id}/reject`, { why: "enough" });
  assert.equal((await centre.party.claim(0)).work, null);
});

test("a silent patient halts the rollout after its time, also over a restart", async () => {
  const { id, work } = await analysing("silent");
  const prescription = prescriptionFor("silent");
  await publish(centre, prescription);
  await centre.party.analysed(work, { prescription });
  house.ahead += 119_000;
  await house.restart();
  house.ahead += 2_000;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.equal(await stageOf(id), "patient", "it could not report while the server was down");
  house.ahead += 119_000;
  const { revision } = await patient.sync();
  const told = await patient.sync(revision, 10);
  assert.ok(told.recalled.includes(prescription.id));
  const { body } = await house.api(`/api/v1/cases/${id}`);
  assert.deepEqual([body.stage, body.waits], ["person", "halted"]);
  await patient.outcome(prescription);
  assert.equal(await stageOf(id), "person", "an outcome after the recall changes nothing");
  await house.api(`/api/v1/cases/${id}/approve`, { why: "once more" });
  assert.ok((await patient.sync()).assigned.includes(prescription.id));
  await patient.outcome(prescription, { healthy: false, why: "a service fell" });
  assert.equal(
    (await house.api(`/api/v1/cases/${id}`)).body.why,
    "not healthy: 1 repaired, 0 refused, 0 failed; a service fell",
  );
  await house.api(`/api/v1/cases/${id}/reject`, {});
  assert.equal(await stageOf(id), "closed");
});

test("a rollout does not wait for machines that were not heard of for ten minutes; nothing repaired is contained", async () => {
  house.ahead += 11 * 60_000;
  const { id, work } = await analysing("ten minutes");
  const prescription = prescriptionFor("ten minutes");
  await centre.party.analysed(work, { prescription });
  const refused = {
    path: "/x",
    result: "refused",
    why: "no recipe",
    sha256Before: null,
    sha256After: null,
  } as const;
  await patient.outcome(prescription, { files: [refused] });
  const { body } = await house.api(`/api/v1/cases/${id}`);
  assert.deepEqual([body.stage, body.outcome], ["closed", "contained"]);
  const machines = (await house.api("/api/v1/machines")).body.machines;
  assert.equal(machines.find((one: { hostname: string }) => one.hostname === "neighbour").state, "silent");
});

test("nobody says what is not theirs to say", async () => {
  const id = newId("case");
  await patient.open(id, "mine");
  await assert.rejects(neighbour.open(id, "mine"), coded("CONFLICT"));
  await assert.rejects(neighbour.upload(id, "mine", centre.recipient), coded("FORBIDDEN"));
  await assert.rejects(patient.claim(), coded("FORBIDDEN"));
  await assert.rejects(centre.party.sync(), coded("FORBIDDEN"));
  await assert.rejects(patient.say({ type: "publish", files: [] }), coded("FORBIDDEN"));
  const { sample } = { sample: (await import("./testing/house.ts")).sampleOf(neighbour.machine, "x") };
  await assert.rejects(patient.say({ type: "open-case", id: newId("case"), sample }), coded("FORBIDDEN"));
  for (const path of ["../up.json", "a/../../b", "/etc/x", "a//b", ".hidden", "a/.b"]) {
    const files = [{ path, content: "" }];
    await assert.rejects(centre.party.say({ type: "publish", files }), coded("DOCUMENT_INVALID"), path);
  }
  assert.equal((await house.api(`/api/v1/cases/${id}/reject`, {})).body.outcome, "rejected");
});

test("a token is used once, expires, is bound to its role, and is stored hashed", async () => {
  const token = await house.token("agent");
  const first = await Party.enrol(house, "one", null, token);
  const again = await Party.enrol(house, "one", null, token);
  assert.equal(again.machine, first.machine, "the same key after a lost answer");
  await assert.rejects(Party.enrol(house, "two", null, token), coded("TOKEN_USED"));
  const analysis = await house.token("analysis");
  await assert.rejects(Party.enrol(house, "three", null, analysis), coded("TOKEN_INVALID"));
  const brief = (await house.api("/api/v1/tokens", { role: "agent", expiresSeconds: 5 })).body.token;
  house.ahead += 6_000;
  await assert.rejects(Party.enrol(house, "four", null, brief), coded("TOKEN_INVALID"));
  const secret = JSON.parse(Buffer.from(token, "base64url").toString()).secret as string;
  const database = await readFile(join(house.dir, "admin", "thymus.db"), "latin1");
  const log = await readFile(join(house.dir, "admin", "thymus.db-wal"), "latin1");
  assert.ok(!`${database}${log}`.includes(secret));
});
