import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ImmunizeReport } from "@thymus/contracts";
import { AnalyseResult } from "../worker/protocol.ts";
import { escapeHtml, renderReport } from "./html.ts";

const golden = (name: string) => join(import.meta.dirname, "golden", name);
const hash = (digit: string) => digit.repeat(64);

const analysed = AnalyseResult.parse({
  kind: "analysed",
  sample: { sha256: hash("a"), size: 1234, type: "shell" },
  verdict: "infector",
  why: "7 program decoys were changed and still hold their original code",
  behaviour: [
    {
      technique: "T1554",
      what: "Changes programs that are already there",
      evidence: "7 program decoys changed",
    },
  ],
  infection: { mechanism: "prepend", targets: ["shell"], invariantBytes: 339, variants: 1 },
  family: "shell.prepend.7a5d5a3b",
  detect: null,
  repair: [],
  repairWhy: null,
  gaveUp: { code: "NO_SOUND_RULE", why: "every constant run stands in <goodware> too" },
  severity: "high",
  secondGeneration: null,
  excerpts: [
    {
      path: "/home/sam/<script>alert(1)</script>\u202egnp.sh",
      type: "shell",
      hunks: [
        {
          at: 0,
          removed: "",
          inserted: Buffer.from("</pre><script>alert(2)</script>\u0007\n: body\n").toString("hex"),
          removedLength: 0,
          insertedLength: 41,
        },
      ],
    },
  ],
  dropped: [],
  counts: { decoys: 62, changed: 7, missing: 0, traceEvents: 419, traceLost: 2 },
  chamber: { kind: "qemu-tcg", trust: "isolated", image: hash("b") },
  seconds: { chamber: 8.1, signature: 1.2 },
});

const report = ImmunizeReport.parse({
  case: "case-abc",
  sample: analysed.sample,
  verdict: analysed.verdict,
  severity: analysed.severity,
  why: analysed.why,
  family: analysed.family,
  behaviour: analysed.behaviour,
  infection: analysed.infection,
  prescription: null,
  repair: { recipes: 0, why: null },
  proof: null,
  gaveUp: analysed.gaveUp,
  seconds: { total: 12.3, chamber: 8.1, signature: 1.2, proof: 0 },
  secondGeneration: null,
  chamber: "qemu-tcg",
  trust: "isolated",
});

test("the page is the golden one (UPDATE_GOLDEN=1 writes it anew)", () => {
  const page = renderReport(report, analysed, null);
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden("gave-up.html"), page);
  assert.equal(page, readFileSync(golden("gave-up.html"), "utf8"));
});

test("nothing that came from a sample becomes markup, and nothing is loaded from elsewhere", () => {
  const page = renderReport(report, analysed, null);
  assert.doesNotMatch(page, /<script/i);
  assert.doesNotMatch(page, /(?!\n)[\p{Cc}\p{Cf}]/u);
  assert.doesNotMatch(page, /(src|href)=|url\(/);
  assert.match(page, /default-src 'none'/);
  assert.equal(escapeHtml(`<a href="x">'&`), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
});
