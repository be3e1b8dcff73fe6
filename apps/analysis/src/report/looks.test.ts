/** What a person meets: each golden page in a real browser, dark and light, on a desk, on a phone and on paper. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { needs } from "@thymus/testkit";
import { Browser } from "@thymus/testkit/browser";
import axe from "axe-core";
import { reportCases } from "./testing/index.ts";

const skip = needs("chromium");
const names = reportCases().map(({ name }) => name);
let browser: Browser;
before(async () => {
  if (!skip) browser = await Browser.open();
});
after(async () => {
  if (!skip) await browser.close();
});

async function open(name: string): Promise<void> {
  await browser.visit(pathToFileURL(join(import.meta.dirname, "golden", `${name}.html`)).href);
  await browser.until(`document.readyState === "complete" && location.href.endsWith("${name}.html")`);
}
const unfold = () =>
  browser.value("document.querySelectorAll('details').forEach((each) => { each.open = true; })");

/** What axe finds, in few words: rule, and the first place of it. */
async function violations(): Promise<string[]> {
  await browser.value(`${axe.source}; true`);
  return browser.value<string[]>(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 120) + " " + (nodes[0].failureSummary ?? "")))`);
}

for (const name of names)
  test(`axe has nothing against the page ${name}, light on a desk, dark on a phone`, {
    skip,
  }, async () => {
    for (const [scheme, width] of [
      ["light", 1280],
      ["dark", 390],
    ] as const) {
      await browser.look(width, 800, scheme);
      await open(name);
      await unfold();
      assert.deepEqual(await violations(), [], `${scheme}, ${width} wide`);
      const wide = await browser.value<number>("document.documentElement.scrollWidth - innerWidth");
      assert.ok(wide <= 0, `${scheme}, ${width} wide: ${wide} pixels stand out`);
    }
    assert.deepEqual(browser.complaints, []);
  });

test("the essential stands on the first screen of a desk", { skip }, async () => {
  await browser.look(1280, 800, "light");
  for (const name of names) {
    await open(name);
    const low = await browser.value<number>(
      "Math.max(...[...document.querySelectorAll('.verdict, .part h2')].slice(0, 2).map((each) => each.getBoundingClientRect().bottom))",
    );
    assert.ok(low <= 800, `${name}: verdict, what to do, sample and figures end at ${low}`);
  }
});

test("every part is reached and unfolded by keyboard, and one sees where one is", { skip }, async () => {
  await browser.look(1280, 800, "light");
  await open("infector");
  const key = async (code: string, text?: string) => {
    const virtual = { Tab: 9, Enter: 13 }[code];
    const press = { key: code, code, windowsVirtualKeyCode: virtual, ...(text ? { text } : {}) };
    await browser.send("Input.dispatchKeyEvent", { type: "keyDown", ...press });
    await browser.send("Input.dispatchKeyEvent", { type: "keyUp", ...press });
  };
  for (let tries = 0; tries < 40; tries += 1) {
    await key("Tab");
    if (await browser.value<boolean>("document.activeElement?.textContent.includes('Processes') ?? false"))
      break;
  }
  assert.equal(await browser.value("getComputedStyle(document.activeElement).outlineStyle"), "solid");
  await key("Enter", "\r");
  assert.equal(await browser.value("document.getElementById('processes').closest('details').open"), true);
});

test("paper shows everything, black on white, whatever was folded on the screen", { skip }, async () => {
  await browser.look(1280, 800, "dark");
  await open("infector");
  await browser.send("Emulation.setEmulatedMedia", {
    media: "print",
    features: [{ name: "prefers-color-scheme", value: "dark" }],
  });
  const hidden = await browser.value<string[]>(
    "[...document.querySelectorAll('details')].filter((each) => !each.lastElementChild.checkVisibility({ contentVisibilityAuto: true })).map((each) => each.textContent.slice(0, 40))",
  );
  assert.deepEqual(hidden, []);
  const colours = await browser.value(
    "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))",
  );
  assert.deepEqual(colours, ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
  await browser.send("Emulation.setEmulatedMedia", { media: "" });
});
