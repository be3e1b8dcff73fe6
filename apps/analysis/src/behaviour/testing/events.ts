/** Events and files from which runs are put together by hand. */
import { gzipSync } from "node:zlib";
import { home } from "./run.ts";

export const cron = "/var/spool/cron/crontabs/sam";
export const hidden = `${home}/.cache/.x/update`;
export const key =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHdlIGRvIG5vdCBrbm93IHRoaXMga2V5IGF0IGFsbC4u who@where";
export const program = "#!/bin/sh\nexit 0\n";
export const exec = (path: string, more: object = {}) => ({ what: "exec" as const, path, ...more });
export const read = (path: string, more: object = {}) => ({ what: "open-read" as const, path, ...more });
export const write = (path: string, more: object = {}) => ({ what: "open-write" as const, path, ...more });
export const fork = (child: number, more: object = {}) => ({
  what: "fork" as const,
  detail: `child ${child}`,
  ...more,
});
export const connect = (detail: string, more: object = {}) => ({ what: "connect" as const, detail, ...more });
export const secret = { kind: "npm-token", path: `${home}/.npmrc`, needles: ["npm_0123456789abcdef"] };
export const npmrc = { [`${home}/.npmrc`]: "//registry.npmjs.org/:_authToken=npm_0123456789abcdef\n" };
export const letter = Array.from(
  { length: 40 },
  (_, line) => `line ${line * 7919} of a letter to nobody\n`,
).join("");
export const letters = Object.fromEntries(
  ["a", "b", "c", "d"].map((name) => [
    `${home}/Documents/${name}.txt`,
    `${name} ${letter.replaceAll("letter", `letter ${name}`)}`,
  ]),
);
export const sampleText = `#!/usr/bin/env python3\n${Array.from({ length: 30 }, (_, n) => `value_${n} = compute(${n * 131}, "part ${n}")\n`).join("")}`;

/** A tarball of one file of which only head and content matter here. */
export function tarball(files: Record<string, string>): Buffer {
  const parts = Object.entries(files).map(([name, text]) => {
    const head = Buffer.alloc(512);
    head.write(name);
    head.write("ustar", 257);
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return Buffer.concat([head, body]);
  });
  return gzipSync(Buffer.concat(parts));
}
export const manifest = (scripts: object) => JSON.stringify({ name: "left", version: "1.0.1", scripts });
export const offered = {
  ...{ ecosystem: "npm" as const, name: "left", version: "1.0.0", owners: ["sam"] },
  file: {
    name: "left-1.0.0.tgz",
    content: tarball({ "package/package.json": manifest({ test: "node test" }) }),
  },
};
