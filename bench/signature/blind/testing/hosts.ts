import { readFileSync, statSync } from "node:fs";
import { fromText } from "../bytes.ts";
import type { BlindInfection, ScriptKind } from "../kind.ts";
import { name, phrase } from "../payload/words.ts";
import { between, seeded } from "../random.ts";
import { elfHost } from "./elf-host.ts";

const built = [
  elfHost("a", 1200, 900, 300),
  elfHost("b", 5003, 2111, 1207),
  elfHost("c", 7000, 2000, 1500),
  elfHost("d", 2777, 1501, 640),
  elfHost("e", 9000, 900, 77),
];

const firstLines: Record<ScriptKind, string> = {
  shell: "#!/bin/sh",
  python: "#!/usr/bin/env python3",
  perl: "#!/usr/bin/perl -w",
  node: "#!/usr/bin/env node",
  php: "<?php",
};

/** A script that only sets variables; `lines` long, with or without a line end at its end. */
function script(kind: ScriptKind, lines: number, ended: boolean): Uint8Array {
  const random = seeded(`${kind} ${lines}`);
  const sign = kind === "php" ? "$" : "";
  const body = Array.from({ length: lines }, (_, i) =>
    i % 5 === 1
      ? `    ${kind === "php" || kind === "node" ? "//" : "#"} version ${between(random, 0, 9)}.4 ${phrase(random, 6)}`
      : `${sign}v_${name(random)} = "${between(random, 0, 99999)}"${kind === "shell" || kind === "python" ? "" : ";"}`,
  );
  return fromText(`${[firstLines[kind], ...body].join("\n")}${ended ? "\n" : ""}`);
}

function json(members: number, indent: number): Uint8Array {
  const random = seeded(`json ${members}`);
  const scripts = { build: phrase(random, 3), check: phrase(random, 2) };
  const entries = Array.from({ length: members }, () => [name(random), phrase(random, 4)]);
  const document = { name: name(random), scripts, ...Object.fromEntries(entries), list: [1, 2] };
  return fromText(`${JSON.stringify(document, null, indent)}\n`);
}

const documents = [json(2, 2), json(9, 0), json(20, 4), json(41, 2), json(5, 1)];

/** Built hosts of several sizes for an infection; at least five, all of which suit. */
export function hostsFor({ hosts, scriptKind }: Pick<BlindInfection, "hosts" | "scriptKind">): Uint8Array[] {
  if (hosts === "elf") return built;
  if (hosts === "json") return documents;
  return [60, 90, 141, 45, 300].map((lines, i) => script(scriptKind ?? "shell", lines, i % 2 === 0));
}

/** A few programs of this machine, read only; those of another kind of processor or format suit nothing and do no harm. */
export function realPrograms(): Uint8Array[] {
  const paths = ["/bin/true", "/bin/cat", "/bin/ls", "/bin/gzip", "/bin/sed"];
  return paths
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((p) => readFileSync(p));
}
