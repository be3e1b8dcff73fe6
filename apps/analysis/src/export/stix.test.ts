import assert from "node:assert/strict";
import { test } from "node:test";
import { PrescriptionId } from "@thymus/contracts";
import fc from "fast-check";
import { reportCases } from "../report/testing/index.ts";
import { largest } from "../report/testing/largest.ts";
import { canonicalJson, observableId, uuid5 } from "./identifiers.ts";
import type { StixBundle } from "./producer.ts";
import { toStix } from "./stix.ts";
import { prescriptionsToStix } from "./stix-prescriptions.ts";
import { Bundle } from "./testing/schema.ts";

const at = new Date("2026-03-04T05:06:07.000Z");
const cases = reportCases();
const bundleOf = (name: string, tlp?: "amber"): StixBundle => {
  const { facts, report, prescription } = cases.find((each) => each.name === name)!;
  return toStix(facts, report, prescription, tlp ? { at, tlp } : { at });
};
const ofType = (bundle: StixBundle, type: string) => bundle.objects.filter((each) => each.type === type);

/** The schema holds, every identifier stands once, every reference points at something in the bundle. */
function assertWhole(bundle: StixBundle): void {
  Bundle.parse(JSON.parse(JSON.stringify(bundle)));
  const ids = bundle.objects.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const object of bundle.objects)
    if ("modified" in object) assert.ok(String(object.created) <= String(object.modified), object.id);
  for (const object of bundle.objects)
    for (const [key, value] of Object.entries(object))
      if (/_refs?$/.test(key))
        for (const id of [value].flat()) assert.ok(ids.includes(id as string), `${object.id} ${key}`);
}

test("every kind of case is a whole bundle of STIX 2.1", () => {
  for (const { name } of cases) assertWhole(bundleOf(name));
});

test("identifiers of observables are those that every producer gives them", () => {
  assert.equal(
    uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "python.org"),
    "886313e1-3b8a-5372-9b90-0c9aee199e5d",
  );
  // The examples of the specification.
  assert.equal(
    observableId("ipv4-addr", { value: "198.51.100.3" }),
    "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
  );
  assert.equal(
    observableId("domain-name", { value: "example.com" }),
    "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7",
  );
  assert.equal(
    observableId("file", { name: "a", size: 1 }),
    observableId("file", { size: 2, name: "a" }),
    "the size does not contribute",
  );
  assert.equal(
    canonicalJson({ b: [2, "\u20ac"], a: { d: 1, c: undefined === null } }),
    '{"a":{"c":false,"d":1},"b":[2,"€"]}',
  );
});

test("the same case gives the same bundle, and two cases share what they have in common", () => {
  assert.deepEqual(bundleOf("thief"), bundleOf("thief"));
  const [one, other] = [bundleOf("thief"), bundleOf("infector")].map(
    (bundle) => new Set(bundle.objects.map(({ id }) => id)),
  );
  const common = [...one!].filter((id) => other!.has(id)).map((id) => id.split("--")[0]);
  assert.ok(common.includes("identity"));
  assert.ok(!common.includes("malware") && !common.includes("process"));
});

test("a prescription becomes an indicator with the rule, and its repair a course of action", () => {
  const bundle = bundleOf("infector");
  const [rule] = ofType(bundle, "indicator").filter((each) => each.pattern_type === "yara");
  assert.match(rule!.pattern as string, /^rule shell_insert/);
  const [action] = ofType(bundle, "course-of-action");
  assert.match(action!.description as string, /Take out 634 bytes at the mark/);
  const [malware] = ofType(bundle, "malware");
  assert.deepEqual(malware!.malware_types, ["virus"]);
  const relations = ofType(bundle, "relationship").map(({ source_ref, relationship_type, target_ref }) =>
    [source_ref, relationship_type, target_ref].join(" "),
  );
  assert.ok(relations.includes(`${rule!.id} indicates ${malware!.id}`));
  assert.ok(relations.includes(`${action!.id} remediates ${malware!.id}`));
  assert.equal(ofType(bundle, "attack-pattern").length, 4);
});

test("prescriptions alone: the same indicators, families, and what they replace or was recalled", () => {
  const { prescription: first } = cases.find(({ name }) => name === "infector")!;
  const later = {
    ...first!,
    id: PrescriptionId.parse(`rx-${"b".repeat(16)}`),
    aliases: ["shell.other"],
    replaces: [first!.id],
    made: { ...first!.made, at: "2030-01-02T03:04:05.678Z" },
  };
  const one = prescriptionsToStix([{ prescription: first! }]);
  assertWhole(one);
  const [alone] = ofType(one, "indicator");
  assert.equal(alone!.revoked, undefined);
  const [inCase] = ofType(bundleOf("infector"), "indicator").filter((each) => each.pattern_type === "yara");
  for (const key of ["id", "pattern", "name", "description"] as const)
    assert.equal(alone![key], inCase![key]);

  const both = prescriptionsToStix([{ prescription: later }, { prescription: first! }]);
  assertWhole(both);
  const [newer, older] = ofType(both, "indicator");
  assert.deepEqual([newer!.revoked, older!.revoked, older!.modified], [undefined, true, later.made.at]);
  assert.equal(older!.created, alone!.created);
  assert.equal(ofType(both, "malware").length, 1);
  assert.deepEqual(ofType(both, "malware")[0]!.aliases, ["shell.other"]);
  assert.ok(
    ofType(both, "relationship").some(
      (each) =>
        each.relationship_type === "derived-from" &&
        each.source_ref === newer!.id &&
        each.target_ref === older!.id,
    ),
  );

  const recalled = { at: new Date("2031-01-01T00:00:00.000Z"), why: "it was wrong" };
  const gone = prescriptionsToStix([{ prescription: later, recalled }, { prescription: first! }]);
  assertWhole(gone);
  // What a recalled prescription would retire holds on.
  assert.deepEqual(
    ofType(gone, "indicator").map(({ revoked }) => revoked ?? false),
    [true, false],
  );
  assert.equal(ofType(gone, "indicator")[0]!.modified, "2031-01-01T00:00:00.000Z");
  // A bundle may name what it does not hold.
  Bundle.parse(JSON.parse(JSON.stringify(prescriptionsToStix([{ prescription: later }]))));
});

test("only what the sample contacted is exported: no decoy, no address of the chamber's making", () => {
  const thief = bundleOf("thief");
  assert.deepEqual(
    ofType(thief, "domain-name").map(({ value }) => value),
    ["registry.npmjs.org", "collect.example.net"],
  );
  assert.deepEqual(
    ofType(thief, "ipv4-addr").map(({ value }) => value),
    ["203.0.113.77"],
  );
  assert.ok(ofType(thief, "url").some(({ value }) => value === "https://collect.example.net/v1/batch"));
  const text = JSON.stringify(bundleOf("infector"));
  assert.doesNotMatch(text, /thumbnails|rotate-logs/);
  assert.match(text, /\.profile/);
});

test("no malware is claimed where none was found, and no confidence is invented", () => {
  for (const [name, result] of [
    ["harmless", "benign"],
    ["unknown", "unknown"],
  ] as const) {
    const bundle = bundleOf(name);
    assert.equal(ofType(bundle, "malware").length + ofType(bundle, "indicator").length, 0);
    assert.equal(ofType(bundle, "malware-analysis")[0]!.result, result);
  }
  for (const { name } of cases) assert.doesNotMatch(JSON.stringify(bundleOf(name)), /"confidence"/);
});

test("a marking is on everything of the case", () => {
  const bundle = bundleOf("thief", "amber");
  assertWhole(bundle);
  for (const object of bundle.objects)
    if (object.created_by_ref)
      assert.deepEqual(object.object_marking_refs, [
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
      ]);
});

test("whatever a sample says, the bundle stays whole and bounded", () => {
  const evil = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom(
      "\ud800",
      "",
      "/",
      "//",
      "../..",
      "127.0.0.1",
      "::1",
      "[::]",
      "a..b",
      "GET /\ud800 x",
      "GET /%zz",
      "a.b:9/",
    ),
  );
  fc.assert(
    fc.property(evil, fc.constantFrom("dns", "http", "https", "tcp"), (text, protocol) => {
      const { facts, report } = cases.find((each) => each.name === "thief")!;
      const network = facts.network.map((record) => ({
        ...record,
        protocol: protocol as "dns",
        name: text.slice(0, 255),
        address: text.slice(0, 64),
        what: `GET /${text}`,
      }));
      const processes = facts.processes.map((process) => ({ ...process, command: text }));
      const files = facts.files.map((file) => ({ ...file, path: text }));
      assertWhole(
        toStix(
          { ...facts, name: text || "sample", why: text || "?", network, processes, files },
          report,
          null,
          { at },
        ),
      );
    }),
    { numRuns: 80 },
  );
  const { facts, report } = largest('"');
  assert.ok(JSON.stringify(toStix(facts, report, null, { at })).length < 8e6);
});
