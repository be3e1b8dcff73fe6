import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AnalysisFacts, ImmunizeReport } from "@thymus/contracts";
import fc from "fast-check";
import { MAX_PAGE_BYTES } from "./bounds.ts";
import { renderReport } from "./html.ts";
import { reportCases } from "./testing/index.ts";
import { largest } from "./testing/largest.ts";

const cases = reportCases();
const named = (name: string) => cases.find((each) => each.name === name)!;
const pageOf = (name: string) => {
  const { report, facts, prescription } = named(name);
  return renderReport(report, facts, prescription);
};

for (const { name } of cases)
  test(`the page of the case ${name} is the golden one (UPDATE_GOLDEN=1 writes it anew)`, () => {
    const golden = join(import.meta.dirname, "golden", `${name}.html`);
    const page = pageOf(name);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, page);
    assert.equal(page, readFileSync(golden, "utf8"));
  });

test("what to do is said for each end of an analysis", () => {
  assert.match(pageOf("infector"), /A prescription finds this family and repairs it/);
  assert.match(pageOf("infector"), /47 of 47 restored byte for byte/);
  assert.match(pageOf("thief"), /A person is needed/);
  assert.match(
    pageOf("thief"),
    /Replace these secrets wherever it ran: npm token, SSH private key, AWS access key\./,
  );
  assert.match(pageOf("ransomware"), /off the network/);
  assert.match(pageOf("harmless"), /Nothing to do/);
  assert.match(pageOf("unknown"), /A person should look at it/);
  const { report, facts, prescription } = named("infector");
  const held = { ...report, repair: { recipes: 0, why: "no recipe fits" } };
  const page = renderReport(held, facts, { ...prescription!, repair: [] });
  assert.match(page, /it cannot repair it/);
  assert.match(page, /There is no repair: No recipe fits\./);
  const gaveUp = { ...report, gaveUp: { code: "NO_SOUND_RULE", why: "Every run stands in <goodware> too" } };
  assert.match(
    renderReport(gaveUp, facts, null),
    /every run stands in &lt;goodware&gt; too\. <code>NO_SOUND_RULE</,
  );
});

test("sections without content are absent, and limits are said", () => {
  assert.doesNotMatch(pageOf("harmless"), /id="(thefts|network|decoys|rule|repair|proof)"/);
  assert.match(pageOf("unknown"), /shared its host&#39;s kernel/);
  assert.match(pageOf("ransomware"), /2,804 events of the trace were lost/);
  assert.match(pageOf("ransomware"), /may do more later/);
});

test("a secret that left is marked at the exchange that took it", () => {
  const rows = pageOf("thief").match(/<tr class="hit">.*secret (left|used):[^<]*/g) ?? [];
  assert.equal(rows.length, 2);
  assert.match(rows[0]!, /POST \/v1\/batch.*npm token, SSH private key, AWS access key/);
  assert.match(rows[1]!, /whoami.*npm token/);
});

/** Every element and attribute that a page may have. What a sample says can add none. */
const markup =
  /^(<!doctype html>|<\/?(html|head|meta|title|style|body|header|main|footer|section|details|summary|h[1-4]|p|span|strong|code|pre|i|br|ul|ol|li|dl|dt|dd|div|table|thead|tbody|tr|th|td)( (class|id|lang|charset|name|content|http-equiv|style|tabindex|role|scope|aria-[a-z]+)="[^"<>]*"| open)*>)$/;

function assertSafe(page: string): void {
  const body = page.replace(/<style>[^<]*<\/style>/, "<style></style>");
  for (const tag of body.match(/<[^>]*>?/g)!) assert.match(tag, markup);
  assert.doesNotMatch(body.replaceAll(/&(amp|lt|gt|quot|#39);/g, ""), /&/);
  assert.doesNotMatch(page, /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  assert.equal(page.match(/<style/g)!.length, 1);
  assert.match(page, /content="default-src 'none'; style-src 'unsafe-inline'"/);
}

/** The document with every free text replaced. What is an identifier or a word of a list stays. */
function withText<T>(document: T, text: string): T {
  const free = new Set([
    "what",
    "evidence",
    "why",
    "name",
    "path",
    "command",
    "label",
    "excerpt",
    "credential",
    "address",
    "code",
  ]);
  const walk = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => walk(each, key));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each, name)]));
    if (typeof value !== "string" || !free.has(key)) return value;
    return ["created", "changed", "deleted", "renamed"].includes(value) ? value : text.slice(0, 64);
  };
  return walk(document, "") as T;
}

test("no text in any field becomes markup, and none is lost", () => {
  const evil = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom(
        "<",
        ">",
        '"',
        "'",
        "&",
        "/",
        "=",
        "script",
        "\u202e",
        "\0",
        "\ud800",
        "\u0301",
        " ",
        "\n",
      ),
      maxLength: 20,
    }),
    fc.constantFrom(
      "</code><script>alert(1)</script>",
      '" onload="x',
      "<!--",
      "]]>",
      "</style><img src=x>",
      "&lt;",
    ),
  );
  fc.assert(
    fc.property(evil, fc.constantFrom(...cases), (text, { report, facts, prescription }) => {
      const page = renderReport(
        ImmunizeReport.parse(withText(report, text)),
        AnalysisFacts.parse(withText({ ...facts, diffs: withBytes(facts.diffs, text) }, text)),
        prescription && { ...prescription, detect: { ...prescription.detect, rule: text || "rule" } },
      );
      assertSafe(page);
    }),
    { numRuns: 150 },
  );
  assert.match(pageOf("thief"), /&quot;p&quot;:&quot;\/home\/sam\/\.npmrc&quot;/);
});

const withBytes = (diffs: AnalysisFacts["diffs"], text: string) =>
  diffs.map((diff) => ({
    ...diff,
    hunks: diff.hunks.map((hunk) => ({ ...hunk, inserted: Buffer.from(text).toString("hex") })),
  }));

test("a page stays below its size, whatever a sample does, and says what it left out", () => {
  for (const character of ['"', "\u0000", "𝕏", "\n", "a"]) {
    const { report, facts, prescription } = largest(character);
    const page = renderReport(report, facts, prescription);
    assert.ok(Buffer.byteLength(page) < MAX_PAGE_BYTES, `${Buffer.byteLength(page)} bytes of ${character}`);
    assertSafe(page);
    assert.match(page, /more other files in <code>facts\.json/);
  }
});
