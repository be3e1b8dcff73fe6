import type { FileType } from "@thymus/contracts";

/** The kernel reads at most 256 bytes of the line (BINPRM_BUF_SIZE of Linux). */
const LINE_BYTES = 256;

const interpreters: readonly { name: RegExp; type: FileType }[] = [
  { name: /^(a|ba|da|z|c|tc|k|mk|lk|pdk|ya|po)?sh$|^ksh93$|^fish$|^rbash$/, type: "shell" },
  { name: /^(python|pypy)[0-9.]*$/, type: "python" },
  { name: /^(node|nodejs|bun|deno)$/, type: "node" },
  { name: /^perl[0-9.]*$/, type: "perl" },
  { name: /^php[0-9.]*$/, type: "php" },
];

/** The type that a `#!` line names, or null where its interpreter is none of the list. */
export function interpreterType(head: Uint8Array): FileType | null {
  const words = splitLine(head);
  let name = baseName(words[0] ?? "");
  let rest = words.slice(1);
  if (name === "env") [name, rest] = throughEnv(rest);
  if (name === "busybox") name = baseName(rest[0] ?? "");
  return interpreters.find((entry) => entry.name.test(name))?.type ?? null;
}

function splitLine(head: Uint8Array): string[] {
  const line = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, LINE_BYTES)).toString(
    "latin1",
  );
  const end = line.search(/[\r\n\0]/);
  return line
    .slice(2, end < 0 ? undefined : end)
    .split(/[ \t]+/)
    .filter((word) => word !== "");
}

/** Finds the program behind `env`: skips options, their values and NAME=VALUE (env(1) of coreutils). */
function throughEnv(words: readonly string[]): [string, string[]] {
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const split = /^(?:-[iv0]*S|--split-string=)(.*)$/.exec(word);
    if (split) {
      if (split[1] === "") continue;
      return throughEnv([split[1]!, ...words.slice(at + 1)]);
    }
    if (/^(-u|-C|--unset|--chdir)$/.test(word)) at++;
    else if (!word.startsWith("-") && !/^[A-Za-z_]\w*=/.test(word)) {
      return [baseName(word), words.slice(at + 1)];
    }
  }
  return ["", []];
}

/** Last part of a path, without quotes that `env -S` would remove. */
function baseName(path: string): string {
  return path.replaceAll(/["']/g, "").replace(/\/+$/, "").replace(/^.*\//, "");
}
