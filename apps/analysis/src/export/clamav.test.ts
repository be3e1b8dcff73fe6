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

test("places, sizes, magic numbers and alternatives", () => {
  assert.deepEqual(
    line(
      '$a = "ab" fullword $b = { 61 62 ( 63 | 6465 ) 66 }',
      "uint32(0) == 0x464C457F and filesize < 2KB and $a at 4 and $b in (10..30)",
    ),
    {
      signature:
        "Thymus.test;Engine:81-255,Target:0,FileSize:0-2047;(0&1&2);0:7f454c46;4:6162::f;10,20:6162(63|6465)66",
    },
  );
});

test("what cannot be said is refused with its reason", () => {
  const refused = (strings: string, condition: string) => {
    const result = line(strings, condition);
    return "refused" in result ? result.refused : null;
  };
  assert.match(refused('$a = "abcd" xor', "$a")!, /xor/);
  assert.match(refused("$a = /ab+/", "$a")!, /regular expression/);
  assert.match(refused('$a = "abcd"', "#a > 2")!, /condition/);
  assert.match(refused('$a = "abcd"', "$a at filesize - 9")!, /plain number/);
  assert.match(refused('$a = "abcd"', "not $a")!, /condition/);
  assert.match(refused('$a = "abcd"', "filesize < 10")!, /no bytes/);
  assert.match(refused('$a = "abcd"', "filesize > 10 and filesize < 5 and $a")!, /no file/);
  assert.match(refused('$a = "abcd" fullword wide', "$a")!, /fullword and wide/);
  assert.match(refused('$a = "abcd" $b = { 61 62 63 64 } $c = "ef"', "2 of them")!, /the same/);
  assert.match(refused("$a = { 61 62 ( 63 | 6? ) 64 }", "$a")!, /more than bytes/);
  assert.match(refused("$a = { 61 62 [2-3] 63 (64|65) }", "$a")!, /two fixed bytes/);
  assert.match(refused("$a = { 61 62 [4-] 63 64 }", "$a")!, /jump without end/);
  assert.match(refused('$a = "a"', "$a")!, /two fixed bytes/);
});
