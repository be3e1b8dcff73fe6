import assert from "node:assert/strict";
import { test } from "node:test";
import { toText } from "./bytes.ts";
import { fileOffset, readImage } from "./elf/image.ts";
import { elfKinds } from "./elf/kinds.ts";
import { blindInfections } from "./index.ts";
import type { ScriptKind } from "./kind.ts";
import { entersKernel, machineBody, machineBytes, noise, stopsAtOnce } from "./payload/machine.ts";
import { seeded } from "./random.ts";
import { dialects } from "./script/dialect.ts";
import { fixedLines } from "./script/statements.ts";
import { hostsFor } from "./testing/hosts.ts";

/** What could reach a file, the network, another program or the script itself, in any of the five languages. */
const forbidden =
  /\b(?:curl|wget|nc|eval|exec|execv\w*|system|popen|spawn\w*|fork|socket|fetch|https?|ftp|open|fopen|unlink|rename|require|include|import|source|chmod|chown|rm|cp|mv|cat|dd|tee|sed|awk|xargs|read|write|sh -c|bash -c|__FILE__|__file__|argv|globals|compile|process|subprocess|os|fs|do|while|for|if|function|def|sub|lambda)\b\s*[({'"\-/.$]|\b(?:curl|wget|eval|exec|import|require|unlink)\b|`|\$\(|<\(|\$0|[^?]>|\|/;

test("machine bodies stop at once and never enter the kernel", () => {
  const random = seeded("inert");
  for (let i = 0; i < 200; i++)
    for (const body of [machineBody(`seed ${i}`, 700), machineBytes(random, 200), noise(random, 200)]) {
      assert.ok(stopsAtOnce(body));
      assert.equal(entersKernel(body), false);
    }
});

test("where an infected program's start moves, it moves to bytes that stop it", () => {
  for (const kind of elfKinds)
    for (const host of hostsFor(kind)) {
      const infected = kind.infect(host, seeded(kind.id))!;
      const image = readImage(infected);
      if (!image || image.entry === readImage(host)!.entry) continue;
      // The start may lie in an inserted part that no segment covers any more: then nothing would run at all.
      const at = fileOffset(image, image.entry);
      if (at !== null) assert.ok(stopsAtOnce(infected.subarray(at)), kind.id);
    }
});

test("statements of scripts hold nothing that acts", () => {
  for (const kind of Object.keys(dialects) as ScriptKind[])
    for (let i = 0; i < 100; i++)
      for (const line of fixedLines(kind, `inert ${i}`, 20)) assert.doesNotMatch(line, forbidden);
});

test("no inserted line of a script or settings file holds anything that acts", () => {
  for (const kind of blindInfections.filter(({ hosts }) => hosts !== "elf"))
    for (const [i, host] of hostsFor(kind).entries()) {
      const own = new Set(toText(host).split("\n"));
      const infected = toText(kind.infect(host, seeded(`inert ${i}`))!);
      for (const line of infected.split("\n")) {
        // Encoded data is no statement: long runs without a space are cut to their ends.
        const readable = line.replaceAll(/[A-Za-z0-9+/=]{40,}/g, "…");
        if (!own.has(line) && !line.startsWith("#")) assert.doesNotMatch(readable, forbidden, kind.id);
      }
    }
});
