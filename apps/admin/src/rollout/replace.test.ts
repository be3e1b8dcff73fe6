import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newId, type Prescription, ThymusError } from "@thymus/contracts";
import { type Centre, House, type Party, prescriptionFor, publish } from "../testing/house.ts";

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

const caseOf = async (id: string) => (await house.api(`/api/v1/cases/${id}`)).body;
const shown = async ({ id }: Prescription) => (await house.api(`/api/v1/prescriptions/${id}`)).body;
const recall = ({ id }: Prescription) => house.api(`/api/v1/prescriptions/${id}/recall`, { why: "a test" });
const said = (body: { history: { what: string }[] }) => body.history.map(({ what }) => what).join("\n");

async function prescribed(bytes: string, replaces: Prescription[] = []) {
  const id = newId("case");
  await patient.open(id, bytes);
  await patient.upload(id, bytes, centre.recipient);
  const { work } = await centre.party.claim(5);
  const named = replaces.map((one) => one.id);
  const prescription = { ...prescriptionFor(bytes), ...(named.length > 0 ? { replaces: named } : {}) };
  await publish(centre, prescription);
  await centre.party.analysed(work!, { prescription });
  return { id, prescription };
}

async function everywhere(bytes: string, replaces: Prescription[] = []) {
  const made = await prescribed(bytes, replaces);
  await patient.outcome(made.prescription);
  await neighbour.outcome(made.prescription, { files: [] });
  assert.equal((await caseOf(made.id)).stage, "closed");
  return made;
}

test("what is replaced retires when every machine has the new one, not before, and comes back with its withdrawal", async () => {
  const first = await everywhere("first variant");
  const open = await prescribed("second variant");
  assert.equal((await caseOf(open.id)).stage, "patient");
  const family = await prescribed("third variant", [first.prescription, open.prescription]);
  await patient.outcome(family.prescription);
  assert.equal((await shown(first.prescription)).state, "active", "a neighbour has not reported yet");
  assert.equal((await shown(first.prescription)).replaced, null);
  assert.deepEqual((await shown(family.prescription)).replaces, [
    first.prescription.id,
    open.prescription.id,
  ]);
  const { revision } = await neighbour.sync();
  const held = neighbour.sync(revision, 20);
  await neighbour.outcome(family.prescription, { files: [] });

  const told = await held;
  assert.deepEqual(told.assigned, [family.prescription.id], "told at once");
  assert.deepEqual(told.replaced, [{ id: first.prescription.id, by: family.prescription.id }]);
  const old = await shown(first.prescription);
  assert.deepEqual([old.state, old.replaced.by], ["replaced", family.prescription.id]);
  const ids = [first.prescription.id, open.prescription.id].sort();
  assert.deepEqual((await centre.party.claim()).replaced, ids, "the centre takes them out of the repository");
  const cut = await caseOf(open.id);
  assert.deepEqual([cut.stage, cut.outcome, cut.prescription], ["closed", "known", family.prescription.id]);
  assert.match(said(cut), new RegExp(`${open.prescription.id} is replaced by ${family.prescription.id}`));
  assert.match(said(await caseOf(first.id)), /is replaced by/);
  assert.match(said(await caseOf(family.id)), /is replaced by this prescription and retires/);
  const { prescriptions } = (await house.api("/api/v1/overview")).body;
  assert.deepEqual(prescriptions, { active: 1, recalled: 0, replaced: 2 });
  assert.equal(
    (await neighbour.open(newId("case"), "first variant")).known,
    family.prescription.id,
    "its specimen is answered by the new one",
  );

  // A late report about what retired is taken; who never had it may still not report it.
  await neighbour.outcome(first.prescription, { why: "late" });
  assert.equal((await shown(first.prescription)).outcomes.machines, 2);
  await assert.rejects(neighbour.outcome(open.prescription), { code: "FORBIDDEN" });
  await patient.outcome(open.prescription);

  await house.restart();
  assert.equal((await shown(first.prescription)).state, "replaced", "durable");
  await recall(family.prescription);
  const back = await patient.sync();
  assert.deepEqual(back.assigned.toSorted(), ids);
  assert.deepEqual([back.recalled, back.replaced], [[family.prescription.id], undefined]);
  assert.deepEqual((await centre.party.claim()).replaced, []);
  assert.equal((await shown(first.prescription)).replaced, null);
  const again = await caseOf(open.id);
  assert.deepEqual([again.stage, again.prescription], ["patient", open.prescription.id]);
  assert.match(said(again), /was withdrawn: .* is active again/);
  await patient.outcome(open.prescription, { why: "carried out again" });
  await neighbour.outcome(open.prescription, { files: [] });
  assert.deepEqual((await caseOf(open.id)).outcome, "healed", "it went on to every machine");
  for (const one of [first, open]) await recall(one.prescription);
});

test("a chain of replacements is answered by its last; each withdrawal gives back what nobody else answers for", async () => {
  const a = await everywhere("chain a");
  const b = await everywhere("chain b", [a.prescription]);
  const c = await everywhere("chain c", [b.prescription]);
  const pairs = async () =>
    Object.fromEntries(((await neighbour.sync()).replaced ?? []).map(({ id, by }) => [id, by]));
  assert.deepEqual(await pairs(), {
    [a.prescription.id]: c.prescription.id,
    [b.prescription.id]: c.prescription.id,
  });
  await recall(b.prescription);
  assert.deepEqual(await pairs(), { [a.prescription.id]: c.prescription.id }, "still answered by the last");
  const d = await everywhere("chain d", [a.prescription]);
  await recall(c.prescription);
  assert.deepEqual(await pairs(), { [a.prescription.id]: d.prescription.id }, "another one replaces it too");
  await recall(a.prescription);
  assert.equal((await shown(a.prescription)).state, "recalled", "what retired can be withdrawn as well");
  await recall(d.prescription);
  assert.equal((await shown(a.prescription)).state, "recalled", "and stays so");
});

test("a result by a prescription that has retired is answered by the one that replaces it", async () => {
  const old = await everywhere("answered by the old");
  const id = newId("case");
  await patient.open(id, "a relative");
  await patient.upload(id, "a relative", centre.recipient);
  const { work } = await centre.party.claim(5);
  const next = await everywhere("answered by the new", [old.prescription]);
  await centre.party.analysed(work!, { prescription: old.prescription });
  const body = await caseOf(id);
  assert.deepEqual([body.outcome, body.prescription], ["known", next.prescription.id]);
  assert.equal((await shown(old.prescription)).state, "replaced");
});

test("what names itself or something unknown is refused with the place", async () => {
  const itself = prescriptionFor("itself");
  const refusal = publish(centre, { ...itself, replaces: [itself.id] });
  await assert.rejects(refusal, (error) => {
    assert.ok(error instanceof ThymusError);
    assert.equal(error.code, "DOCUMENT_INVALID");
    assert.match(
      error.message,
      new RegExp(`${itself.id}: a prescription cannot replace itself at replaces.0`),
    );
    return true;
  });
  const known = await everywhere("known");
  const stranger = prescriptionFor("nobody has it");
  const { id, prescription } = await prescribed("names a stranger", [known.prescription, stranger]);
  const body = await caseOf(id);
  assert.deepEqual([body.stage, body.waits], ["person", "gave-up"]);
  assert.match(
    body.why,
    new RegExp(`${prescription.id}: there is no prescription ${stranger.id} at replaces.1`),
  );
  assert.equal((await shown(prescription)).scope, "none", "no machine gets it");
});

test("two retired for one, and a withdrawal in the middle of the rollout changes nothing for them", async () => {
  const old = await everywhere("early");
  const made = await prescribed("late", [old.prescription]);
  await patient.outcome(made.prescription);
  await recall(made.prescription);
  assert.equal((await caseOf(made.id)).waits, "halted");
  assert.equal((await shown(old.prescription)).state, "active");
  await house.api(`/api/v1/cases/${made.id}/approve`, {});
  await patient.outcome(made.prescription);
  await neighbour.outcome(made.prescription, { files: [] });
  assert.equal((await shown(old.prescription)).state, "replaced", "and the second try replaces it after all");
});

test("a late answer by what a person withdrew does not bring it back; his approval of its own case does", async () => {
  const made = await everywhere("withdrawn meanwhile");
  const id = newId("case");
  await patient.open(id, "its late relative");
  await patient.upload(id, "its late relative", centre.recipient);
  const { work } = await centre.party.claim(5);
  await recall(made.prescription);
  const told = await centre.party.claim();
  assert.equal(told.work, null);
  assert.ok(told.recalled?.includes(made.prescription.id), "a centre is told without work too");
  assert.ok(told.everywhere && !told.everywhere.includes(made.prescription.id));

  await centre.party.analysed(work!, { prescription: made.prescription });
  const body = await caseOf(id);
  assert.deepEqual([body.stage, body.waits, body.prescription], ["person", "gave-up", null]);
  assert.match(body.why, new RegExp(`PERSON_NEEDED: .*${made.prescription.id} was withdrawn: a test`));
  assert.equal((await shown(made.prescription)).state, "recalled");
  assert.ok((await patient.sync()).recalled.includes(made.prescription.id));

  const open = await prescribed("withdrawn on its patient");
  await recall(open.prescription);
  await house.api(`/api/v1/cases/${open.id}/approve`, {});
  assert.equal((await shown(open.prescription)).state, "active", "a person takes his word back");
});
