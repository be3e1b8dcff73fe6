import type { Pattern, Sign } from "../facts.ts";
import { isOpenPlace, programOf } from "../programs.ts";

const pool = /\bstratum[12]?\+(tcp|ssl|tls|udp)\b|--(donate-level|nicehash|coin=|randomx)/i;
/** Ports of public pools that hardly anything else uses. */
const ports = new Set([3333, 4444, 5555, 7777, 14433, 14444, 45560, 45700]);
/** Share of a processor, and for how long: short work never counts. */
const BUSY = 0.7;
const LONG = 120;

/** Sustained work of the processor counts only together with the signs of a pool: builds and encoders work as hard. */
export const coinMiner: Pattern = {
  name: "coin-miner",
  look({ subject }) {
    const { cmdline, cpu, ports: open } = subject;
    const busy = cpu !== null && cpu.share >= BUSY && cpu.seconds >= LONG;
    const asked = pool.test(cmdline.join(" "));
    const connected = open.some((port) => ports.has(port));
    if (!busy || !(asked || connected)) return [];
    const path = programOf(subject) ?? cmdline[0] ?? "";
    const sign = (rule: string, weight: number, what: string, unless: string): Sign => ({
      ...{ kind: "process-behaviour", rule, path, weight, what, unless },
    });
    return [
      ...(asked ? [sign("pool-named", 0.6, "its command line names a mining pool", "it named none")] : []),
      ...(connected
        ? [sign("pool-port", 0.35, "it is connected to a port of mining pools", "it spoke to other ports")]
        : []),
      sign(
        "busy",
        0.15,
        `it used ${Math.round(cpu.share * 100)} % of a processor for ${Math.round(cpu.seconds)} s`,
        "it had worked for a short time only",
      ),
      ...(subject.deleted || isOpenPlace(path)
        ? [
            sign(
              "hidden",
              0.35,
              "its file is deleted or lies where everybody may put one",
              "it were installed",
            ),
          ]
        : []),
    ];
  },
};
