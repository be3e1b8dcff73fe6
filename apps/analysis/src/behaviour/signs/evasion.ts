/** What a program does to learn whether it is watched, and to wait until nobody is. */
import { type Detector, type Sign, sign } from "./sign.ts";

const machineFiles =
  /^\/sys\/(class|devices\/virtual)\/dmi\/|^\/proc\/scsi\/scsi|^\/sys\/hypervisor|^\/proc\/xen|^\/proc\/(cpuinfo|modules)$/;
/** Names of virtual machines, as a program looks for them. */
const machineNames = /\b(qemu|virtualbox|vbox|vmware|bochs|parallels|hyper-?v|xen|kvm|firecracker)\b/gi;
const LONG_SLEEP = 60;
const processStatus = /^\/proc\/(self|\d+)\/status$/;

/** Seconds that a sleep asked for: the first number of its detail. */
const asked = (detail: string): number => Number(/\d+(?:\.\d+)?/.exec(detail)?.[0] ?? 0);

export const evasion: Detector = (view) => {
  const found: Sign[] = [];
  const text = Buffer.from(view.input.sample.bytes).toString("latin1");
  const looked = view.events.filter(
    (event) => event.what === "open-read" && machineFiles.test(event.path ?? ""),
  );
  const names = new Set([...text.matchAll(machineNames)].map(([name]) => name.toLowerCase()));
  if (looked.length > 0) {
    const files = [...new Set(looked.map((event) => event.path))].slice(0, 4).join(", ");
    // Asking for the machine's name is honest; comparing it with names of virtual machines is not.
    if (names.size >= 2)
      found.push(
        sign("chamber-check", {
          t: looked[0]!.t,
          what: `looked for signs of a virtual machine (${[...names].slice(0, 4).join(", ")})`,
          evidence: `read ${files}; names in its text`,
        }),
      );
    else
      found.push(
        sign("machine-look", {
          t: looked[0]!.t,
          what: "asked what machine this is",
          evidence: `read ${files}`,
        }),
      );
  }
  const status = view.events.find(
    (event) => event.what === "open-read" && processStatus.test(event.path ?? ""),
  );
  if (status && text.includes("TracerPid"))
    found.push(
      sign("debugger-check", {
        t: status.t,
        what: "looked whether somebody traces it",
        evidence: `read ${status.path}; TracerPid in its text`,
      }),
    );
  const sleeps = view.events.filter((event) => event.what === "sleep");
  const longest = Math.max(0, ...sleeps.map((event) => asked(event.detail ?? "")));
  if (longest >= LONG_SLEEP) {
    const event = sleeps.find((each) => asked(each.detail ?? "") === longest)!;
    found.push(
      sign("long-sleep", {
        t: event.t,
        what: `asked to sleep ${longest} s`,
        evidence: `${event.comm} (process ${event.pid}): ${event.detail}`,
      }),
    );
  }
  return found;
};
