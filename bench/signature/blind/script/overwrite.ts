import type { BlindKind } from "../kind.ts";
import { randomBytes } from "../random.ts";
import { afterShebang, scriptKind } from "./place.ts";
import { fixedLines } from "./statements.ts";

const head = `#!/bin/sh\n${fixedLines("shell", "shell-overwrite-head", 8).join("\n")}\n`;
const whole = `#!/usr/bin/env python3\n${fixedLines("python", "python-overwrite-whole", 20).join("\n")}\n`;

/** Characters of the host are gone. */
export const overwriteScripts: readonly BlindKind[] = [
  scriptKind({
    id: "shell-overwrite-head",
    scriptKind: "shell",
    what: "fixed lines over the first bytes of the host",
    constant: "plain",
    change: (text) => (text.length > head.length ? head + text.slice(head.length) : null),
  }),
  scriptKind({
    id: "python-overwrite-whole",
    scriptKind: "python",
    what: "a script of its own instead of the host",
    constant: "plain",
    change: () => whole,
  }),
  scriptKind({
    id: "perl-overwrite-noise",
    scriptKind: "perl",
    what: "drawn text instead of all that follows the first line, in as many bytes",
    constant: "none",
    change: (text, random) => {
      const at = afterShebang(text);
      const noise = Buffer.from(randomBytes(random, text.length - at)).toString("base64");
      return text.slice(0, at) + noise.slice(0, text.length - at);
    },
  }),
];
