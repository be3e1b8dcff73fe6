import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { z } from "zod";
import * as contracts from "./index.ts";
import { type DocumentName, documents, jsonSchemaFiles, jsonSchemaOf } from "./json-schema.ts";
import { documentsOf } from "./testing/arbitrary.ts";

const names = Object.keys(documents) as DocumentName[];

test("the files of schemas/ are what the contracts say (else: npx node scripts/generate.mjs)", () => {
  const folder = new URL("../schemas/", import.meta.url);
  const wanted = jsonSchemaFiles();
  assert.deepEqual(readdirSync(folder).sort(), wanted.map(({ file }) => file).sort());
  for (const { file, text } of wanted)
    assert.equal(readFileSync(new URL(file, folder), "utf8"), text, `${file} is out of step`);
});

test("no reference leaves a schema", () => {
  for (const name of names) {
    const schema = jsonSchemaOf(name);
    const defined = Object.keys((schema.$defs ?? {}) as object);
    for (const [, target] of JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g))
      assert.ok(defined.includes(target!), `${name} refers to ${target}`);
    assert.doesNotMatch(JSON.stringify(schema), /"\$ref":"[^#]/);
  }
});

/** All schemas inside a schema, itself among them. */
function reach(schema: z.core.$ZodType, seen = new Set<z.core.$ZodType>()): Set<z.core.$ZodType> {
  if (seen.has(schema)) return seen;
  seen.add(schema);
  const def = schema._zod.def as unknown as Record<string, unknown>;
  const inner = [
    ...Object.values((def.shape ?? {}) as object),
    ...((def.options ?? []) as unknown[]),
    ...((def.items ?? []) as unknown[]),
    def.element,
    def.innerType,
    def.keyType,
    def.valueType,
    typeof def.getter === "function" ? def.getter() : undefined,
  ];
  for (const each of inner) if (each instanceof z.core.$ZodType) reach(each, seen);
  return seen;
}

test("every schema that the package exports is a document or part of one", () => {
  const reached = new Set(names.flatMap((name) => [...reach(documents[name])]));
  const forgotten = Object.entries(contracts)
    .filter(([, value]) => value instanceof z.ZodObject && !reached.has(value))
    .map(([name]) => name);
  assert.deepEqual(forgotten, [], "add them to the documents of json-schema.ts");
});

test("no object anywhere lets an unknown field pass", () => {
  for (const name of names)
    for (const part of reach(documents[name]))
      if (part instanceof z.ZodObject)
        assert.equal(
          part._zod.def.catchall?._zod.def.type,
          "never",
          `${name}: an object with ${Object.keys(part.shape)} is not strict`,
        );
});

/** Places (paths) of all plain objects of a document whose fields are fixed. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((each, index) => places(each, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, each]) => places(each, [...path, key]));
  // The names in a record of extended attributes are free.
  return path.at(-1) === "xattrs" ? inner : [path, ...inner];
}

for (const name of names)
  test(`${name}: what its JSON Schema describes is accepted; an unknown field anywhere is refused with its place`, () => {
    fc.assert(
      fc.property(documentsOf(jsonSchemaOf(name)), fc.nat(), (document, pick) => {
        contracts.parseDocument(documents[name], document, name);
        const everywhere = places(document);
        const path = everywhere[pick % everywhere.length]!;
        const changed = structuredClone(document);
        let target = changed as Record<string | number, unknown>;
        for (const key of path) target = target[key] as Record<string, unknown>;
        target.unheardOf = 1;
        assert.throws(
          () => contracts.parseDocument(documents[name], changed, name),
          (error: unknown) => {
            assert.ok(error instanceof contracts.ThymusError);
            assert.equal(error.code, "DOCUMENT_INVALID");
            const place = [...path, "unheardOf"].join(".");
            assert.ok(error.message.endsWith(`at ${place}`), `${error.message} does not name ${place}`);
            return true;
          },
        );
      }),
      { numRuns: 30 },
    );
  });
