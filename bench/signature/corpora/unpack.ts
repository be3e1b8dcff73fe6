import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FileType, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { writeFileAtomic } from "@thymus/store";
import { unpackTar } from "modern-tar";

/** One regular file of a package, as unpacked. */
export interface UnpackedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly type: FileType;
}

const MAX_UNPACKED = 2 ** 31 - 1;

/**
 * The regular files of a .deb below `folder`; links, devices and names that lead out of it are left out, and so are empty files
 * and those of which `wanted` says no. The `list` is written last: where it stands, all of it is there.
 * @throws ThymusError TOOL_MISSING, TOOL_FAILED
 */
export async function unpackPackage(
  deb: string,
  folder: string,
  list: string,
  wanted: (sha256: string) => boolean,
): Promise<UnpackedFile[]> {
  if (existsSync(list)) return parseList(readFileSync(list, "utf8"));
  const { status, stdout, error } = spawnSync("dpkg-deb", ["--fsys-tarfile", deb], {
    maxBuffer: MAX_UNPACKED,
  });
  if (error && (error as NodeJS.ErrnoException).code === "ENOENT") {
    throw new ThymusError("TOOL_MISSING", "there is no dpkg-deb", "install the package dpkg");
  }
  if (status !== 0) throw new ThymusError("TOOL_FAILED", `dpkg-deb cannot read ${deb}`, "fetch it again");
  const files: UnpackedFile[] = [];
  for (const { header, data } of await unpackTar(stdout)) {
    if ((header.type ?? "file") !== "file" || !data || data.length === 0) continue;
    const path = insidePath(header.name);
    if (path === null) continue;
    const sha256 = createHash("sha256").update(data).digest("hex");
    if (!wanted(sha256)) continue;
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data, { mode: 0o644 });
    files.push({ path, size: data.length, sha256, type: identifyFile(data, path) });
  }
  mkdirSync(dirname(list), { recursive: true });
  await writeFileAtomic(list, files.map(formatFile).join(""), 0o644);
  return files;
}

/** The name as a path below the folder, or null where it would lead out of it. */
export function insidePath(name: string): string | null {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0 || parts.includes("..") || /[\0\t\n]/.test(name)) return null;
  return parts.join("/");
}

function formatFile({ path, size, sha256, type }: UnpackedFile): string {
  return `${sha256}\t${size}\t${type}\t${path}\n`;
}

function parseList(text: string): UnpackedFile[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [sha256, size, type, path] = line.split("\t");
      return { sha256: sha256!, size: Number(size), type: type as FileType, path: path! };
    });
}
