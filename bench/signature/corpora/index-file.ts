import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { type Archive, archiveUrl } from "./mirror.ts";
import type { RecipeEntry } from "./recipe.ts";

/** What a `Packages` index says of one package. */
export interface Listed extends Omit<RecipeEntry, "use"> {
  /** Bytes when unpacked, as its maker reckons. */
  readonly installed: number;
  readonly priority: string;
}

export interface Suite {
  readonly archive: Archive;
  readonly suite: string;
}

/**
 * The packages of one suite and architecture, in the order of the index.
 * @throws ThymusError UNREACHABLE, TOOL_MISSING
 */
export async function listSuite(folder: string, from: Suite, architecture: string): Promise<Listed[]> {
  const path = `dists/${from.suite}/main/binary-${architecture}/Packages.xz`;
  const text = decompress(await fetchIndex(folder, from.archive, path)).toString("utf8");
  return text.split("\n\n").flatMap((stanza) => listed(stanza, from.archive));
}

/** Number of files of each package by kind, by name (`Contents` index); estimates from names alone. */
export interface FileCounts {
  files: number;
  scripts: number;
  programs: number;
}

export async function countFiles(
  folder: string,
  suite: string,
  architecture: string,
): Promise<Map<string, FileCounts>> {
  const bytes = await fetchIndex(folder, "debian", `dists/${suite}/main/Contents-${architecture}.gz`);
  const counts = new Map<string, FileCounts>();
  for (const line of lines(decompress(bytes, "gzip"))) {
    const at = line.lastIndexOf(" ");
    const path = line.slice(0, at).trimEnd();
    const script = /\.(py|pl|pm|js|mjs|cjs|php|sh|t)$/.test(path);
    const program = /(^|\/)s?bin\/[^/]+$|\.so(\.[\d.]+)?$|\.o$|\.ko$|\.cmxs$/.test(path);
    for (const owner of line.slice(at + 1).split(",")) {
      const name = owner.slice(owner.lastIndexOf("/") + 1);
      const count = counts.get(name) ?? { files: 0, scripts: 0, programs: 0 };
      count.files++;
      if (script) count.scripts++;
      if (program) count.programs++;
      counts.set(name, count);
    }
  }
  return counts;
}

function* lines(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    yield bytes.toString("latin1", at, end < 0 ? bytes.length : end);
    if (end < 0) return;
    at = end + 1;
  }
}

function listed(stanza: string, archive: Archive): Listed[] {
  const fields = new Map(
    stanza.split("\n").flatMap((line): [string, string][] => {
      const at = line.indexOf(": ");
      return at > 0 && line[0] !== " " ? [[line.slice(0, at), line.slice(at + 2)]] : [];
    }),
  );
  const name = fields.get("Package");
  if (name === undefined) return [];
  return [
    {
      archive,
      source: (fields.get("Source") ?? name).split(" ")[0]!,
      name,
      version: fields.get("Version") ?? "",
      architecture: fields.get("Architecture") ?? "",
      size: Number(fields.get("Size")),
      sha256: fields.get("SHA256") ?? "",
      path: fields.get("Filename") ?? "",
      installed: Number(fields.get("Installed-Size") ?? 0) * 1024,
      priority: fields.get("Priority") ?? "",
    },
  ];
}

async function fetchIndex(folder: string, archive: Archive, path: string): Promise<Buffer> {
  const file = join(folder, archive, path);
  if (existsSync(file)) return readFileSync(file);
  const url = `${archiveUrl(archive)}/${path}`;
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) {
    throw new ThymusError(
      "UNREACHABLE",
      `${url} gave ${answer?.status ?? "no answer"}`,
      "name another mirror in THYMUS_BENCH_MIRROR",
    );
  }
  const bytes = Buffer.from(await answer.arrayBuffer());
  mkdirSync(dirname(file), { recursive: true });
  await writeFileAtomic(file, bytes, 0o644);
  return bytes;
}

function decompress(bytes: Buffer, tool: "xz" | "gzip" = "xz"): Buffer {
  const { status, stdout } = spawnSync(tool, ["-dc"], { input: bytes, maxBuffer: 2 ** 31 });
  if (status !== 0) throw new ThymusError("TOOL_MISSING", `${tool} failed`, `install ${tool}`);
  return stdout;
}
