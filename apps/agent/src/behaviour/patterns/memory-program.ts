import type { Pattern } from "../facts.ts";

/** Container runtimes copy themselves into memory before they enter a container. */
const usual = /^\/memfd:(runc_cloned|crun|lxc|youki|pages_|doublemapper|wayland|pulse)/;

/** A program that never was a file: started from memory. */
export const memoryProgram: Pattern = {
  name: "memory-program",
  look({ subject: { exe } }) {
    if (!exe?.startsWith("/memfd:") || usual.test(exe)) return [];
    return [
      {
        kind: "process-behaviour",
        rule: "memory-program",
        path: exe,
        weight: 0.5,
        what: `its program was never a file: it was started from memory (${exe})`,
        unless: "it had been started from a file",
      },
    ];
  },
};
