import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Config } from "@thymus/contracts";
import { Politeness, type Senses } from "./politeness.ts";
import { onBattery, tooHot } from "./power.ts";
import { ofLoad, readPressure } from "./pressure.ts";

const scan = Config.parse({}).agent.scan;

function machine(percent: number, battery = false, hot = false) {
  const facts = { percent, battery, hot, now: 0 };
  const senses: Partial<Senses> = {
    pressure: async () => ({ resource: "io", percent: facts.percent }),
    battery: async () => facts.battery,
    hot: async () => facts.hot,
    now: () => facts.now,
  };
  return { facts, senses };
}

test("a calm machine may be worked on, a pressed one not, and the reason is told", async () => {
  const { facts, senses } = machine(5);
  const polite = new Politeness(scan, senses);
  assert.equal(await polite.mayWork("scan"), true);
  assert.equal(polite.why, null);
  facts.percent = 80;
  assert.equal(await polite.mayWork("scan"), true, "an answer holds for a second");
  facts.now = 1000;
  assert.equal(await polite.mayWork("scan"), false);
  assert.match(polite.why!, /io 80 %/);
});

test("on a machine that is always pressed a re-check gets a minute every half an hour, and a scan every six hours", async () => {
  const { facts, senses } = machine(99);
  const polite = new Politeness(scan, senses);
  const seconds = { recheck: 0, scan: 0 };
  for (; facts.now < 13 * 3_600_000; facts.now += 10_000) {
    if (await polite.mayWork("recheck")) seconds.recheck += 10;
    if (await polite.mayWork("scan")) seconds.scan += 10;
  }
  assert.ok(seconds.recheck >= 24 * 60 && seconds.recheck <= 26 * 60, String(seconds.recheck));
  assert.equal(seconds.scan, 120);
});

test("on battery a full scan waits however long it takes, a re-check does not; whoever allows it is not asked", async () => {
  const { facts, senses } = machine(0, true);
  const polite = new Politeness(scan, senses);
  assert.equal(await polite.mayWork("scan"), false);
  facts.now = 86_400_000;
  assert.equal(await polite.mayWork("scan"), false);
  assert.match(polite.why!, /battery/);
  assert.equal(await polite.mayWork("recheck"), true);
  const allowed = new Politeness({ ...scan, onBattery: true }, senses);
  assert.equal(await allowed.mayWork("scan"), true);
});

test("heat puts work off, and a limit of 100 asks nothing", async () => {
  const { senses } = machine(99, false, true);
  const polite = new Politeness(scan, senses);
  assert.equal(await polite.mayWork("recheck"), false);
  assert.match(polite.why!, /hot/);
  assert.equal(await new Politeness({ ...scan, pressure: 100 }, senses).mayWork("recheck"), true);
});

test("the files of the kernel are read as they are", async () => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-power-"));
  const put = async (path: string, text: string) => {
    await mkdir(join(dir, path, ".."), { recursive: true });
    await writeFile(join(dir, path), `${text}\n`);
  };
  try {
    await put("pressure/cpu", "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=0.00");
    await put("pressure/io", "some avg10=48.10 avg60=1.00 avg300=0.00 total=1");
    assert.deepEqual(await readPressure(join(dir, "pressure")), { resource: "io", percent: 48.1 });
    assert.equal((await readPressure(join(dir, "none")))?.resource, "load");
    assert.equal(ofLoad(1, 2).percent, 0);
    assert.equal(ofLoad(8, 2).percent, 75);

    assert.equal(await onBattery(join(dir, "none")), false);
    await put("power/BAT0/type", "Battery");
    await put("power/BAT0/status", "Discharging");
    assert.equal(await onBattery(join(dir, "power")), true);
    await put("power/AC/type", "Mains");
    await put("power/AC/online", "1");
    assert.equal(await onBattery(join(dir, "power")), false);
    await put("power/AC/online", "0");
    assert.equal(await onBattery(join(dir, "power")), true);
    await put("power/BAT0/scope", "Device");
    assert.equal(await onBattery(join(dir, "power")), false, "the battery of a mouse");

    await put("thermal/thermal_zone0/temp", "84000");
    await put("thermal/thermal_zone0/trip_point_0_type", "passive");
    await put("thermal/thermal_zone0/trip_point_0_temp", "95000");
    assert.equal(await tooHot(join(dir, "thermal")), false);
    await put("thermal/thermal_zone0/temp", "95000");
    assert.equal(await tooHot(join(dir, "thermal")), true);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
