/** What a program takes of the machine itself: processes, disk, computing time, its shell. */
import type { RunView } from "../view.ts";
import { at, type Detector, plural, type Sign, sign } from "./sign.ts";

/** A parallel build or test run has some dozens of processes at once. */
const MANY_PROCESSES = 150;
const MUCH_DISK = 64 << 20;
const pool =
  /"method"\s*:\s*"(mining\.(subscribe|authorize|submit|configure)|eth_submit\w+)"|stratum\+(tcp|ssl):\/\/|"algo"\s*:\s*\[?\s*"(rx\/|cn\/|randomx|kawpow|cryptonight)/i;
/** What shells say when they are started for somebody on the other side of a connection. */
const shellWords =
  /no job control in this shell|can't access tty; job control turned off|cannot set terminal process group/;
const shells = /\/(ba|da|z|k|mk|a)?sh$/;

function mostAtOnce(view: RunView): { count: number; t: number } {
  const changes = [...view.processes.values()].flatMap(({ started, ended }) => [
    { t: started, by: 1 },
    ...(ended === null ? [] : [{ t: ended, by: -1 }]),
  ]);
  let now = 0;
  const most = { count: 0, t: 0 };
  for (const { t, by } of changes.sort((a, b) => a.t - b.t || a.by - b.by)) {
    now += by;
    if (now > most.count) Object.assign(most, { count: now, t });
  }
  return most;
}

/** A process that reached out in a protocol of its own and whose shell was asked for no command. */
function shellOnSocket(view: RunView): Sign | null {
  for (const { exchange, host, layers } of view.outward) {
    if (exchange.protocol !== "tcp" && exchange.protocol !== "tls") continue;
    if (layers.some((layer) => shellWords.test(layer.toString("latin1"))))
      return sign("shell-for-stranger", {
        t: exchange.t,
        what: `connected a shell of this machine to ${host}:${exchange.port}`,
        evidence: `a shell's own words were sent to ${host}:${exchange.port} at ${at(exchange.t)}`,
      });
    const connects = view.events.filter(
      (event) => event.what === "connect" && new RegExp(`port ${exchange.port}\\b`).test(event.detail ?? ""),
    );
    for (const connect of connects)
      for (const process of view.processes.values()) {
        if (process.pid !== connect.pid && process.ppid !== connect.pid) continue;
        const shell = process.execs.find(
          (each) => each.t >= connect.t && shells.test(each.path) && /(^|\s)-\w*i\w*(\s|$)/.test(each.detail),
        );
        if (shell)
          return sign("shell-for-stranger", {
            t: shell.t,
            what: `connected a shell of this machine to ${host}:${exchange.port}`,
            evidence: `process ${process.pid} became ${shell.path} ${shell.detail} behind its connection`,
          });
      }
  }
  return null;
}

export const resources: Detector = (view) => {
  const found: Sign[] = [];
  const most = mostAtOnce(view);
  if (most.count >= MANY_PROCESSES)
    found.push(
      sign("fork-bomb", {
        t: most.t,
        what: `had ${most.count} processes at once`,
        evidence: `${view.processes.size} processes, ${most.count} of them at ${at(most.t)}`,
      }),
    );
  const size = view.result.dropped.reduce((sum, file) => sum + file.size, 0);
  if (size >= MUCH_DISK)
    found.push(
      sign("disk-filling", {
        t: 0,
        what: `wrote ${Math.round(size / (1 << 20))} MiB`,
        evidence: plural(view.result.dropped.length, "new file"),
        weight: "suspicious",
      }),
    );
  const mining = view.outward.find(({ layers }) =>
    layers.some((layer) => pool.test(layer.toString("latin1"))),
  );
  if (mining)
    found.push(
      sign("miner", {
        t: mining.exchange.t,
        what: `asked ${mining.host}:${mining.exchange.port} for work as a miner`,
        evidence: mining.exchange.excerpt.slice(0, 200),
      }),
    );
  const shell = shellOnSocket(view);
  if (shell) found.push(shell);
  return found;
};
