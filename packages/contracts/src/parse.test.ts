import assert from "node:assert/strict";
import test from "node:test";
import { Config } from "./config.ts";
import { ThymusError } from "./errors.ts";
import { parseDocument, parseJsonDocument } from "./parse.ts";
import { Policy } from "./policy.ts";

const refusal = (code: string, part: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ThymusError);
  assert.equal(error.code, code);
  assert.match(error.message, part);
  assert.ok(error.hint.length > 0);
  return true;
};

test("an empty configuration is whole", () => {
  const config = parseDocument(Config, {}, "thymus.toml");
  assert.equal(config.admin.listen, "127.0.0.1:8480");
  assert.deepEqual(config.policy, { submit: "automatic", repair: "automatic", rollout: "automatic" });
  assert.deepEqual(parseDocument(Config, config, "thymus.toml"), config);
});

test("a fault is told with the document, the place and another code where asked", () => {
  const asConfig = (value: unknown) => () => parseDocument(Config, value, "thymus.toml", "CONFIG_INVALID");
  assert.throws(
    asConfig({ agent: { thresold: 1 } }),
    refusal("CONFIG_INVALID", /^thymus\.toml: .* at agent\.thresold$/),
  );
  assert.throws(asConfig({ agent: { threshold: 2 } }), refusal("CONFIG_INVALID", /at agent\.threshold$/));
  assert.throws(
    asConfig({ agent: { watch: ["/a", "b"] } }),
    refusal("CONFIG_INVALID", /at agent\.watch\.1$/),
  );
  assert.throws(asConfig([]), refusal("CONFIG_INVALID", /at the top level$/));
  assert.throws(asConfig(null), refusal("CONFIG_INVALID", /at the top level$/));
});

test("text that is not JSON is a fault of the document", () => {
  assert.throws(
    () => parseJsonDocument(Policy, "{", "policy.json"),
    refusal("DOCUMENT_INVALID", /policy\.json is not JSON/),
  );
  assert.throws(
    () => parseJsonDocument(Policy, "{}", "policy.json"),
    refusal("DOCUMENT_INVALID", /at submit$/),
  );
});

test("a field called __proto__ is refused like any unknown field", () => {
  const text = '{"submit":"observe","repair":"observe","rollout":"observe","__proto__":{"a":1}}';
  assert.throws(
    () => parseJsonDocument(Policy, text, "policy.json"),
    refusal("DOCUMENT_INVALID", /__proto__/),
  );
});
