import { gzipSync, zstdCompressSync } from "node:zlib";
import { Budget } from "../archives/budget.ts";
import { archiveMembers } from "../archives/members.ts";

const EMPTY_ZIP = Buffer.concat([Buffer.from("PK\x05\x06", "latin1"), Buffer.alloc(18)]);
/** One file `a` with the text `a`, by xz and by bzip2. */
const XZ = "/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAAYQAAAABDvrfoAAEVAaljNGCQQpkNAQAAAAABWVo=";
const BZIP2 = "QlpoOTFBWSZTWRmTm2sAAAABACAAIAAhGEaC7kinChIDMnNtYA==";

/** Opens one archive of each kind, so that all that is loaded on first use is there. */
export async function openOneOfEach(): Promise<void> {
  const tar = Buffer.alloc(1536);
  tar.write("ustar", 257);
  tar.write("a", 0);
  tar.write("00000000000", 124);
  const big = Buffer.alloc(2 << 20);
  const all = [
    EMPTY_ZIP,
    tar,
    gzipSync(tar),
    zstdCompressSync(tar),
    gzipSync(big),
    Buffer.from(XZ, "base64"),
    Buffer.from(BZIP2, "base64"),
  ];
  for (const bytes of all)
    for await (const _ of archiveMembers(bytes, "warm", new Budget(), () => {})) {
      // Only that it was opened matters.
    }
}
