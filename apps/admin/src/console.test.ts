import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { newId, partOf } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { Browser } from "@thymus/testkit/browser";
import axe from "axe-core";
import { digestOf, House, prescriptionFor, publish } from "./testing/house.ts";

const skip = needs("chromium");
let house: House;
let browser: Browser;
before(async () => {
  if (skip) return;
  house = await House.build({}, fileURLToPath(new URL("../../console/public", import.meta.url)));
  browser = await Browser.open();
});
after(async () => {
  if (skip) return;
  await browser.close();
  await house.tearDown();
});
const text = (id: string) => browser.value<string>(`document.getElementById("${id}").innerText`);

test("the console asks for its token, and refuses a wrong one", { skip }, async () => {
  await browser.visit(house.admin.url);
  await browser.until("!document.getElementById('sign-in').hidden");
  await browser.visit(`${house.admin.url}/#token=wrong`);
  await browser.until("document.getElementById('token-fault').textContent");
  assert.equal(await browser.value("sessionStorage.length"), 0);
  // The browser itself reports the refused request.
  browser.complaints.length = 0;
});

test("the console teaches while empty, follows a case live, and lets a person decide", { skip }, async () => {
  await browser.look(390, 800, "dark");
  await browser.visit(`${house.admin.url}/#token=${house.admin.apiToken}`);
  await browser.until("!document.getElementById('cases-empty').hidden");
  assert.equal(await browser.value("location.hash"), "", "the token leaves the address");
  assert.match(await text("cases-empty"), /thymus drill infection/);
  assert.match(await text("machines-empty"), /Add a machine/);

  const centre = await house.centre();
  const agent = await house.agent("web-1");
  const id = newId("case");
  await agent.open(id, "seen in the console");
  await agent.upload(id, "seen in the console", centre.recipient);
  await browser.until(
    "document.querySelector('#cases-list .case')?.innerText.includes('Waiting for an analysis')",
  );
  assert.match(await text("machines"), /web-1/);
  const { work } = await centre.party.claim();
  await centre.party.analysed(work!, {
    gaveUp: { code: "NO_SOUND_RULE", why: "<img src=x onerror=alert(1)>" },
    report: {
      ...{ verdict: "infector", severity: "high", why: "<b>24 decoys</b> were changed" },
      infection: { mechanism: "prepend", targets: ["shell"], invariantBytes: 339, variants: 1 },
      repair: { recipes: 0, why: "no recipe fits" },
      ...{ proof: null, behaviour: [], chamber: "bwrap", trust: "shared-kernel" },
      secondGeneration: { runs: 1, infected: 19 },
    },
  });
  await browser.until("document.querySelector('#waiting-list .case')?.innerText.includes('<img src=x')");
  await browser.until("document.getElementById('news').textContent.includes('gave up')");

  await browser.value("document.querySelector('#waiting-list [data-focus=reject]').click()");
  await browser.until("document.getElementById('ask').open");
  await browser.value("document.getElementById('ask-ok').click()");
  await browser.until("document.getElementById('state-title').textContent === 'All is well'");
  await browser.value(`location.hash = "${id}"`);
  await browser.until(
    "document.querySelector('#detail .history')?.innerText.includes('rejected by a person')",
  );
  const detail = await text("detail");
  assert.match(detail, /It infects other programs: <b>24 decoys<\/b> were changed/);
  assert.match(detail, /Severity\s+high[\s\S]+infected 19 more[\s\S]+no recipe fits[\s\S]+shares a kernel/);
  assert.equal(await browser.value("document.activeElement.id"), "detail-title", "focus follows to the case");
  assert.ok(
    await browser.value("document.documentElement.scrollWidth <= innerWidth"),
    "nothing hangs over a phone's edge",
  );
  assert.deepEqual(browser.complaints, [], "no error, nothing refused by the content security policy");
});

test("what a prescription replaces, and by what it was replaced, stands in words people use", {
  skip,
}, async () => {
  const centre = await house.centre();
  const agent = await house.agent("web-2");
  const heal = async (bytes: string, family: string, replaces: string[]) => {
    const id = newId("case");
    await agent.open(id, bytes);
    await agent.upload(id, bytes, centre.recipient);
    const { work } = await centre.party.claim(5);
    const prescription = { ...prescriptionFor(bytes), family, ...(replaces.length > 0 ? { replaces } : {}) };
    await publish(centre, prescription as ReturnType<typeof prescriptionFor>);
    await centre.party.analysed(work!, { prescription: prescription as ReturnType<typeof prescriptionFor> });
    await agent.outcome(prescription as ReturnType<typeof prescriptionFor>);
    return prescription.id;
  };
  const rows = () => text("prescriptions");
  const old = await heal("the first", "sh.insert.one", []);
  await house.agent("web-3");
  const next = await heal("the second", "sh.insert.many", [old]);
  await browser.visit(`${house.admin.url}/#token=${house.admin.apiToken}`);
  await browser.until("document.getElementById('prescriptions').innerText.includes('replace')");
  assert.match(await rows(), /sh\.insert\.many\s+On every machine\s+replaces sh\.insert\.one/);

  house.ahead += 11 * 60_000;
  await agent.sync();
  await browser.until("document.getElementById('prescriptions').innerText.includes('Replaced')");
  assert.match(await rows(), /sh\.insert\.one\s+Replaced\s+by sh\.insert\.many/);
  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 390],
  ] as const) {
    await browser.look(width, 900, scheme);
    await browser.value(`${axe.source}; true`);
    const against = await browser.value<string[]>(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 120)))`,
    );
    assert.deepEqual(against, [], `${scheme}, ${width} wide`);
    assert.ok(await browser.value("document.documentElement.scrollWidth <= innerWidth"));
    if (process.env.PICTURES) await browser.picture(`${process.env.PICTURES}/${scheme}.png`);
  }
  await house.api(`/api/v1/prescriptions/${next}/recall`, { why: "a test" });
  await browser.until("document.getElementById('prescriptions').innerText.includes('Recalled')");
  assert.doesNotMatch(await rows(), /Replaced/, "it is back on every machine");
  const holds = [{ sha256: digestOf("the second"), size: "the second".length }];
  await agent.say({ type: "self-part", part: partOf(holds[0]!.sha256), files: holds });
  const { prescriptions } = (await house.api("/api/v1/prescriptions")).body;
  const { case: of } = prescriptions.find((one: { id: string }) => one.id === next);
  await browser.value(`location.hash = "${of}"`);
  await browser.until(
    "document.getElementById('detail').innerText.includes('on 1 of 1 machine that tells what it holds')",
  );
  assert.deepEqual(browser.complaints, []);
});
