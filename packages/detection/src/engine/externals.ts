/** Variables that public rule sets expect of the tool that applies them; names and meanings as THOR and LOKI have them. */
import { basename, dirname, extname } from "node:path";
import type { FileType } from "@thymus/contracts";

/** `filepath` is the folder; `extension` has its dot and is in small letters; `filetype` is the format in capitals. */
export const EXTERNALS = ["filename", "filepath", "extension", "filetype", "owner", "md5"] as const;
export type Externals = Readonly<Record<(typeof EXTERNALS)[number], string>>;

export const NO_EXTERNALS: Externals = Object.freeze(
  Object.fromEntries(EXTERNALS.map((name) => [name, ""])) as unknown as Externals,
);

const magic: readonly (readonly [string, string])[] = [
  ["\x7fELF", "ELF"],
  ["MZ", "EXE"],
  ["PK\x03\x04", "ZIP"],
  ["\x1f\x8b", "GZIP"],
  ["%PDF", "PDF"],
  ["\xd0\xcf\x11\xe0", "OLE"],
  ["Rar!", "RAR"],
  ["7z\xbc\xaf", "7Z"],
  ["\xca\xfe\xba\xbe", "CLASS"],
  ["\x89PNG", "PNG"],
  ["GIF8", "GIF"],
  ["\xff\xd8\xff", "JPEG"],
  ["{\\rtf", "RTF"],
];

/** The digest is left empty: it would have to be taken of every file. */
export function externalsOf(
  path: string,
  owner: string,
  bytes: Uint8Array,
  type: FileType | null,
): Externals {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.length)).toString("latin1");
  const known = magic.find(([start]) => head.startsWith(start))?.[1];
  return {
    filename: basename(path),
    filepath: dirname(path),
    extension: extname(path).toLowerCase(),
    filetype: known ?? type?.toUpperCase() ?? "",
    owner,
    md5: "",
  };
}
