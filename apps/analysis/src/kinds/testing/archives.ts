/** Archives for tests, made by the system's tools where one makes them, and by hand where none would. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipWriter,
  type ZipWriterConstructorOptions,
} from "@zip.js/zip.js";
import { type TarInput, writeTar } from "../../chamber/run/tar.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Runs a tool in a new folder that holds `files`, and gives back what it wrote to `output`. */
export function byTool(files: Files, command: readonly string[], output: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "thymus-kinds-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: /\.(sh|bin)$|inst$/.test(path) ? 0o755 : 0o644 });
    }
    const [program, ...args] = command;
    const ended = spawnSync(program!, args, { cwd: folder, encoding: "utf8" });
    if (ended.status !== 0) throw new Error(`${command.join(" ")}: ${ended.error?.message ?? ended.stderr}`);
    return readFileSync(join(folder, output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function tarOf(files: Files, mode = 0o644): Buffer {
  const entries: TarInput[] = Object.entries(files).map(([path, content]) => ({
    path,
    mode,
    uid: 1000,
    content: Buffer.from(content),
  }));
  return Buffer.concat([...writeTar(entries)]);
}

/** A header of ustar with any name and kind. */
export function tarMember(path: string, kind: string, target = "", content = ""): Buffer {
  const block = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
  block.write(path, 0, 100);
  block.write("0000755\0", 100);
  block.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  block.write(`        ${kind}`, 148);
  block.write(target, 157, 100);
  block.write("ustar\x0000", 257);
  let sum = 0;
  for (const byte of block.subarray(0, 512)) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  block.write(content, 512);
  return block;
}

export const tarEnd = Buffer.alloc(1024);

/** An ar of members (ar(5)). */
export function arOf(files: Files): Buffer {
  const parts = [Buffer.from("!<arch>\n")];
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    parts.push(
      Buffer.from(`${name.padEnd(16)}0           0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`),
    );
    parts.push(bytes, Buffer.alloc(bytes.length & 1, "\n"));
  }
  return Buffer.concat(parts);
}

export async function zipOf(files: Files, options: ZipWriterConstructorOptions = {}): Promise<Buffer> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, ...options });
  for (const [name, content] of Object.entries(files))
    await writer.add(name, new Uint8ArrayReader(new Uint8Array(Buffer.from(content))));
  return Buffer.from(await writer.close());
}
