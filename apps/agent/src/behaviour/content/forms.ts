/** What kind of content begins so. */
export type Kind = "media" | "archive" | "document" | "encrypted" | "database" | "program" | "text" | "none";

export interface Form {
  readonly name: string;
  readonly kind: Kind;
}

interface Magic extends Form {
  readonly at?: number;
  readonly bytes: string;
}

/** Latin-1 text; from the formats' own specifications. */
const magics: readonly Magic[] = [
  { name: "zip", kind: "archive", bytes: "PK\x03\x04" },
  { name: "zip", kind: "archive", bytes: "PK\x05\x06" },
  { name: "pdf", kind: "document", bytes: "%PDF-" },
  { name: "rtf", kind: "document", bytes: "{\\rtf" },
  { name: "ole", kind: "document", bytes: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
  { name: "postscript", kind: "document", bytes: "%!PS" },
  { name: "djvu", kind: "document", bytes: "AT&TFORM" },
  { name: "jpeg", kind: "media", bytes: "\xff\xd8\xff" },
  { name: "png", kind: "media", bytes: "\x89PNG\r\n\x1a\n" },
  { name: "gif", kind: "media", bytes: "GIF8" },
  { name: "webp", kind: "media", at: 8, bytes: "WEBP" },
  { name: "wave", kind: "media", at: 8, bytes: "WAVE" },
  { name: "avi", kind: "media", at: 8, bytes: "AVI " },
  { name: "tiff", kind: "media", bytes: "II*\0" },
  { name: "tiff", kind: "media", bytes: "MM\0*" },
  { name: "psd", kind: "media", bytes: "8BPS" },
  { name: "mp4", kind: "media", at: 4, bytes: "ftyp" },
  { name: "matroska", kind: "media", bytes: "\x1aE\xdf\xa3" },
  { name: "ogg", kind: "media", bytes: "OggS" },
  { name: "flac", kind: "media", bytes: "fLaC" },
  { name: "mp3", kind: "media", bytes: "ID3" },
  { name: "mp3", kind: "media", bytes: "\xff\xfb" },
  { name: "jpeg2000", kind: "media", bytes: "\0\0\0\x0cjP  " },
  { name: "jpegxl", kind: "media", bytes: "\xff\x0a" },
  { name: "jpegxl", kind: "media", bytes: "\0\0\0\x0cJXL " },
  { name: "gzip", kind: "archive", bytes: "\x1f\x8b" },
  { name: "bzip2", kind: "archive", bytes: "BZh" },
  { name: "xz", kind: "archive", bytes: "\xfd7zXZ\0" },
  { name: "zstd", kind: "archive", bytes: "\x28\xb5\x2f\xfd" },
  { name: "lz4", kind: "archive", bytes: "\x04\x22\x4d\x18" },
  { name: "lzip", kind: "archive", bytes: "LZIP" },
  { name: "7z", kind: "archive", bytes: "7z\xbc\xaf\x27\x1c" },
  { name: "rar", kind: "archive", bytes: "Rar!\x1a\x07" },
  { name: "tar", kind: "archive", at: 257, bytes: "ustar" },
  { name: "deb", kind: "archive", bytes: "!<arch>" },
  { name: "rpm", kind: "archive", bytes: "\xed\xab\xee\xdb" },
  { name: "cabinet", kind: "archive", bytes: "MSCF" },
  { name: "git pack", kind: "archive", bytes: "PACK\0" },
  { name: "borg", kind: "archive", bytes: "BORG_SEG" },
  { name: "zlib", kind: "archive", bytes: "\x78\x01" },
  { name: "zlib", kind: "archive", bytes: "\x78\x9c" },
  { name: "zlib", kind: "archive", bytes: "\x78\xda" },
  { name: "sqlite", kind: "database", bytes: "SQLite format 3\0" },
  { name: "berkeley db", kind: "database", at: 12, bytes: "\x61\x15\x06\0" },
  { name: "age", kind: "encrypted", bytes: "age-encryption.org/" },
  { name: "age", kind: "encrypted", bytes: "-----BEGIN AGE ENCRYPTED" },
  { name: "pgp", kind: "encrypted", bytes: "-----BEGIN PGP MESSAGE" },
  { name: "openssl", kind: "encrypted", bytes: "Salted__" },
  { name: "luks", kind: "encrypted", bytes: "LUKS\xba\xbe" },
  { name: "elf", kind: "program", bytes: "\x7fELF" },
  { name: "windows program", kind: "program", bytes: "MZ" },
  { name: "woff", kind: "media", bytes: "wOF" },
  { name: "truetype", kind: "media", bytes: "\0\x01\0\0\0" },
  { name: "opentype", kind: "media", bytes: "OTTO" },
  { name: "wasm", kind: "program", bytes: "\0asm" },
  { name: "java class", kind: "program", bytes: "\xca\xfe\xba\xbe" },
];

const NONE: Form = { name: "no known form", kind: "none" };
const TEXT: Form = { name: "text", kind: "text" };
const PGP: Form = { name: "pgp", kind: "encrypted" };

/** The form of a content by its first bytes (512 or more, where it has so many). */
export function formOf(head: Uint8Array): Form {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 512)).toString("latin1");
  const found = magics.find(({ at = 0, bytes }) => start.startsWith(bytes, at));
  if (found) return found;
  if (isText(head)) return TEXT;
  if (isPgp(head)) return PGP;
  return NONE;
}

/** A public-key (tag 1, version 3) or symmetric-key (tag 3, version 4) encrypted session key packet. RFC 9580 section 5 */
function isPgp(head: Uint8Array): boolean {
  const [tag, length, version] = head;
  if ((tag === 0x84 || tag === 0xc1) && version === 3) return true;
  if (tag === 0x85 && head[3] === 3 && (length ?? 0) < 5) return true;
  return (tag === 0x8c || tag === 0xc3) && (version === 4 || version === 5) && (length ?? 0) < 64;
}

/** UTF-8, or a single-byte encoding with hardly any control characters; UTF-16 with its mark. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    let zeros = 0;
    for (const byte of bytes) if (byte === 0) zeros++;
    return zeros > bytes.length / 8;
  }
  let controls = 0;
  let high = 0;
  for (const byte of bytes) {
    if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) || byte === 127)
      controls++;
    else if (byte >= 128) high++;
  }
  if (controls > bytes.length / 200) return false;
  if (high === 0) return true;
  try {
    // The end may be within a character.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return high < bytes.length / 3;
  }
}

const zipped = "docx xlsx pptx odt ods odp odg epub docm xlsm zip jar apk vsdx".split(" ");
const textual =
  "txt md rst tex csv tsv json xml html htm css js ts py sh c h cpp java sql ini conf toml yaml yml log svg srt eml ics vcf org bib adoc".split(
    " ",
  );
const expected: ReadonlyMap<string, string> = new Map([
  ...zipped.map((each) => [each, "zip"] as const),
  ...textual.map((each) => [each, "text"] as const),
  ...[
    ["pdf", "pdf"],
    ["rtf", "rtf"],
    ["doc", "ole"],
    ["xls", "ole"],
    ["ppt", "ole"],
    ["jpg", "jpeg"],
    ["jpeg", "jpeg"],
    ["png", "png"],
    ["gif", "gif"],
    ["mp4", "mp4"],
    ["mkv", "matroska"],
    ["gz", "gzip"],
    ["7z", "7z"],
    ["rar", "rar"],
    ["sqlite", "sqlite"],
  ].map(([ending, form]) => [ending!, form!] as const),
]);

/** The form that files with this name have; null where the name says nothing. */
export function expectedForm(name: string): string | null {
  return expected.get(endingOf(name)) ?? null;
}

/** What follows the last dot of a name, in lower case; empty where there is none, or only a leading one. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}
