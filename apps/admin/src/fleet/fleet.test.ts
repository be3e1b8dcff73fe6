import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type CaseId, newId, partDigest, partOf, ThymusError, type VouchedFile } from "@thymus/contracts";
import { type Centre, digestOf, House, type Party, prescriptionFor, publish } from "../testing/house.ts";

const DAY = 24 * 3600 * 1000;
let house: House;
let centre: Centre;
let patient: Party;
let witnesses: Party[];

before(async () => {
  house = await House.build({ admin: { maxFleetFiles: 40 } });
  centre = await house.centre();
  patient = await house.agent("patient");
  witnesses = [];
  for (let place = 0; place < 5; place += 1) witnesses.push(await house.agent(`witness-${place}`));
});
after(() => house.tearDown());

const refused = (code: string) => (error: unknown) =>
  error instanceof ThymusError && error.code === code && error.message.length > 0;
const file = (bytes: string): VouchedFile => ({ sha256: digestOf(bytes), size: bytes.length });

function offerOf(files: readonly VouchedFile[]) {
  const parts = Array.from({ length: 256 }, (_, part) =>
    files.filter(({ sha256 }) => partOf(sha256) === part),
  );
  return { parts, digests: parts.map((each) => partDigest(each)) };
}

/** Tells the server what a machine holds, as an agent does. @returns the number of parts that were sent */
async function tell(party: Party, files: readonly VouchedFile[]): Promise<number> {
  const { parts, digests } = offerOf(files);
  const { parts: wanted } = await party.say<"self-wanted">({ type: "self-offer", parts: digests });
  for (const part of wanted) await party.say({ type: "self-part", part, files: parts[part]! });
  return wanted.length;
}

async function claimed(bytes: string, party = patient) {
  const id = newId("case");
  await party.open(id, bytes);
  await party.upload(id, bytes, centre.recipient);
  const { work } = await centre.party.claim(5);
  assert.equal(work!.case, id);
  return { id, work: work! };
}

/** What the centre hears of a sample; the case then ends. */
async function heard(bytes: string, party = patient) {
  const { work } = await claimed(bytes, party);
  await centre.party.analysed(work, { harmless: true });
  return work.fleet;
}

/** Time passes, so that an answer of before counts no more; every machine is still there. */
async function later(days: number): Promise<void> {
  house.ahead += days * DAY;
  for (const party of [patient, ...witnesses]) await party.sync();
}

const hold = async (bytes: string, parties: readonly Party[]) => {
  for (const party of parties) await tell(party, [file(bytes)]);
};

const fleetOf = async (id: CaseId) => (await house.api(`/api/v1/cases/${id}`)).body.fleet;

test("only what changed is sent; what is gone is forgotten; nobody tells, nothing is said", async () => {
  assert.equal(await heard("before anybody tells"), undefined);
  const [one] = witnesses;
  const files = Array.from({ length: 20 }, (_, place) => file(`program ${place}`));
  const all = new Set(files.map(({ sha256 }) => partOf(sha256))).size;
  assert.equal(await tell(one!, files), all);
  assert.equal(await tell(one!, files), 0, "told again, nothing is wanted");
  await house.restart();
  assert.equal(await tell(one!, files), 0, "durable");
  const updated = [...files.slice(1), file("an update")];
  const [before, next] = [offerOf(files).digests, offerOf(updated).digests];
  const changed = next.filter((digest, part) => digest !== null && digest !== before[part]).length;
  assert.equal(await tell(one!, updated), changed, "only the parts that changed");
  assert.equal(await tell(one!, []), 0, "whoever stops is forgotten");
  assert.equal(await heard("after all was withdrawn"), undefined);
});

test("a file counts once a machine, after a week, and is shown in the case", async () => {
  const bytes = "a common program";
  await hold(bytes, [...witnesses, ...witnesses]);
  assert.deepEqual((await heard(bytes))!, { machines: 0, of: 5 }, "nobody vouches from one day to the next");
  await later(31);
  const again = await claimed(bytes);
  assert.deepEqual(again.work.fleet, { machines: 5, of: 5 });
  assert.deepEqual(await fleetOf(again.id), { machines: 5, of: 5 });
  await centre.party.analysed(again.work, { harmless: true });
  assert.deepEqual(await heard("a rare program"), { machines: 0, of: 5 }, "a stranger is a stranger");
});

test("one machine cannot whiten a file, nor can those that suspect it", async () => {
  const bytes = "made by one";
  await hold(bytes, [patient, witnesses[0]!]);
  await later(8);
  assert.deepEqual((await heard(bytes))!.machines, 1, "the machine that suspects it is no witness for it");
  await later(31);
  assert.deepEqual((await heard(bytes, witnesses[0]!))!.machines, 0, "nor is one that ever suspected it");
});

test("another size is another file", async () => {
  const bytes = "with a size";
  for (const party of witnesses) await tell(party, [{ ...file(bytes), size: 1 }]);
  await later(8);
  assert.equal((await heard(bytes))!.machines, 0);
});

test("what was found harmful, or is a specimen, is vouched for by nobody", async () => {
  const bytes = "found harmful";
  await hold(bytes, witnesses);
  await later(8);
  const { work, id } = await claimed(bytes);
  assert.equal(work.fleet!.machines, 5);
  const prescription = prescriptionFor(bytes);
  await publish(centre, prescription);
  await centre.party.analysed(work, { prescription });
  await house.api(`/api/v1/prescriptions/${prescription.id}/recall`, { why: "a test" });
  await house.api(`/api/v1/cases/${id}/reject`, {});
  await later(2);
  assert.equal((await heard(bytes))!.machines, 0, "also after its prescription was withdrawn");
});

test("machines that are long silent are no witnesses", async () => {
  const bytes = "known to the dead";
  await hold(bytes, witnesses);
  house.ahead += 91 * DAY;
  await patient.sync();
  await witnesses[0]!.sync();
  assert.deepEqual((await heard(bytes))!, { machines: 1, of: 6 });
});

test("a flood is capped, and what was told before stays", async () => {
  const flood = Array.from({ length: 400 }, (_, place) => file(`flood ${place}`));
  const [one] = witnesses;
  await tell(one!, flood.slice(0, 30));
  await assert.rejects(tell(one!, flood), refused("TOO_MANY"));
  assert.ok((await tell(one!, flood.slice(0, 30))) <= 30);
  const part = partOf(flood[0]!.sha256);
  const stray = flood.find(({ sha256 }) => partOf(sha256) !== part)!;
  const say = (files: VouchedFile[]) => one!.say({ type: "self-part", part, files });
  await assert.rejects(say([stray]), refused("DOCUMENT_INVALID"));
  await assert.rejects(say([flood[0]!, { ...flood[0]!, size: 3 }]), refused("DOCUMENT_INVALID"));
  const { digests } = offerOf([]);
  await assert.rejects(centre.party.say({ type: "self-offer", parts: digests }), refused("FORBIDDEN"));
});
