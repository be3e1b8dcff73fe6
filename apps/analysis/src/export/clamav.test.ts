import assert from "node:assert/strict";
import { test } from "node:test";
import { toClamav } from "./clamav.ts";

const line = (strings: string, condition: string, scope: Parameters<typeof toClamav>[2] = ["shell"]) =>
  toClamav("Thymus.test", `rule t { strings: ${strings} condition: ${condition} }`, scope);

test("k of n, wild cards, jumps and case", () => {
  assert.deepEqual(line('$a = "ab" $b = { 61 62 ?? [2-4] 63 64 } $c = "xy" nocase wide', "2 of them"), {
    signature: "Thymus.test;Engine:81-255,Target:0;(0|1|2)>1,2;6162;6162??{2-4}6364;7879::iw",
  });
  assert.deepEqual(line('$a = "ab" $b1 = "cd" $b2 = "ef"', "$a and any of ($b*)", ["elf64", "elf32"]), {
    signature: "Thymus.test;Engine:81-255,Target:6;(0&(1|2));6162;6364;6566",
  });
});

test("what cannot be said is refused with its reason", () => {
  const refused = (strings: string, condition: string) => {
    const result = line(strings, condition);
    return "refused" in result ? result.refused : null;
  };
  assert.match(refused('$a = "abcd" xor', "$a")!, /xor/);
  assert.match(refused("$a = /ab+/", "$a")!, /regular expression/);
  assert.match(refused('$a = "abcd"', "$a at 0")!, /condition/);
  assert.match(refused('$a = "abcd"', "$a and filesize < 10")!, /condition/);
  assert.match(refused("$a = { 61 62 [4-] 63 64 }", "$a")!, /jump without end/);
  assert.match(refused('$a = "a"', "$a")!, /two fixed bytes/);
});
