/** Each rule over signs both ways: what shows it, and an honest look-alike that does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, exec, fork, read, write } from "./testing/events.ts";
import { pairs } from "./testing/pairs.ts";
import { home, samplePath, seen, type Written } from "./testing/run.ts";

for (const { rule, sign, shows, alike, alikeVerdict = "harmless" } of pairs)
  test(`${rule} by ${sign.replace("!", "")}: shown, and not by its look-alike`, () => {
    const bad = seen(shows);
    assert.equal(bad.rule, rule, `${bad.why} ${bad.ids}`);
    const id = sign.replace("!", "");
    assert.ok(
      bad.ids.some((each) => each.replace("!", "") === id),
      `${bad.ids}`,
    );
    assert.ok(bad.story.some((step) => step.weight !== "note"));
    const good = seen(alike);
    assert.equal(good.verdict, alikeVerdict, `${good.why} ${good.ids}`);
    assert.ok(!good.ids.includes(`${id}!`), `${good.ids}`);
  });

test("what honest programs do too takes the harmless verdict away, and no more", () => {
  const cases: [Written, string][] = [
    [{ trace: [{ what: "unlink", path: samplePath }] }, "self-deleted"],
    [{ trace: [{ what: "sleep", detail: "600" }] }, "long-sleep"],
    [
      { trace: [read("/sys/class/dmi/id/sys_vendor")], sample: "#!/bin/sh\n# qemu vmware\n" },
      "chamber-check",
    ],
    [{ trace: [read("/proc/self/status")], sample: "grep TracerPid" }, "debugger-check"],
    [{ trace: [write(`${home}/.bash_history`, { detail: "truncate" })] }, "history-cleared"],
    [{ trace: [exec("/usr/bin/sudo")] }, "rights-asked"],
    [{ network: [{ protocol: "tls", port: 443, what: "handshake, then closed" }] }, "unread-contact"],
    [{ files: { [`${home}/.npmrc`]: "registry=https://elsewhere.example/\n" } }, "package-manager-set"],
    [{ trace: Array.from({ length: 12 }, (_, n) => connect(`inet 198.51.100.${n} port 23`)) }, "scanning"],
  ];
  for (const [run, id] of cases) {
    const { verdict, rule, ids } = seen(run);
    assert.deepEqual([verdict, rule, ids.includes(id)], ["unknown", "suspicious", true], `${id} ${ids}`);
  }
});

test("daily work is a note: it stays harmless", () => {
  const cases: [Written, string][] = [
    [{ trace: [{ what: "sleep", detail: "1" }] }, ""],
    [{ trace: [read("/sys/class/dmi/id/sys_vendor"), read("/proc/cpuinfo")] }, "machine-look"],
    [{ trace: [read("/proc/self/status"), read("/proc/71/status")] }, ""],
    [{ trace: [write(`${home}/.bash_history`)] }, ""],
    [{ trace: [{ what: "utime", path: `${home}/a`, detail: "modified 2001-01-01" }] }, "timestomp"],
    [{ trace: [{ what: "listen", detail: "up to 5 waiting" }] }, "listens"],
    [{ thefts: [{ how: "read" }] }, "reads-credential"],
    [{ trace: [{ what: "kill", detail: "signal TERM process 101" }, fork(101, { t: 0.1 })] }, ""],
    [{ trace: [write("/usr/lib/python3/__pycache__/x.pyc", { detail: "failed EACCES" })] }, ""],
  ];
  for (const [run, id] of cases) {
    const { verdict, ids, why } = seen(run);
    assert.equal(verdict, "harmless", `${id} ${ids} ${why}`);
    if (id) assert.ok(ids.includes(id), `${id} ${ids}`);
  }
});

test("harmless is earned: it ended, and nothing stayed unseen", () => {
  assert.equal(seen({ result: { traceLost: 100 } }).rule, "unseen");
  assert.equal(seen({ result: { ended: "timeout", exitStatus: null } }).rule, "still-running");
  assert.equal(seen({ result: { ended: "host-timeout", exitStatus: null } }).rule, "no-end");
  assert.equal(seen({}).verdict, "harmless");
});

test("a start file or key file that was opened to write and kept its bytes, or lost lines only, tells nothing", () => {
  const before = {
    [`${home}/.bash_logout`]: "clear\n",
    [`${home}/.config/autostart/notify.desktop`]: "[Desktop Entry]\nExec=notify\n",
    [`${home}/.config/systemd/user/tidy.timer`]: "[Timer]\nOnCalendar=daily\n",
    [`${home}/.ssh/authorized_keys`]: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIkestrel sam@desk\n",
  };
  const trace = Object.keys(before).map((path) => write(path));
  for (const files of [before, { ...before, [`${home}/.bash_logout`]: "# clear\n" }]) {
    const { verdict, ids, files: told } = seen({ trace, before, files });
    assert.deepEqual([verdict, ids], ["harmless", []]);
    assert.deepEqual(
      told.map(({ path, what }) => `${what} ${path}`),
      files === before ? [] : [`changed ${home}/.bash_logout`],
    );
  }
  const added = { [`${home}/.bash_logout`]: "clear\nuptime\n" };
  assert.deepEqual(seen({ trace, before, files: { ...before, ...added } }).ids, ["starts-again"]);
});
