/** Tarballs for tests, as `npm pack` makes them. */
import { packGzip } from "../gzip.ts";
import { npmHeader } from "../header.ts";
import { repack } from "../packing.ts";
import { type TarMember, writeTar } from "../tar.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

export function memberOf(path: string, content: string | Uint8Array, mode = 0o644): TarMember {
  const bytes = new Uint8Array(Buffer.from(content as string));
  const header = npmHeader(`package/${path}`, mode, bytes.length);
  if (header === null) throw new Error(`${path} needs an extended header`);
  return { root: "package", path, file: true, mode, before: new Uint8Array(0), header, content: bytes };
}

export const tarOf = (files: Files, order: "kept" | "npm" = "npm"): Uint8Array =>
  writeTar(
    repack(
      {
        members: Object.entries(files).map(([path, content]) => memberOf(path, content)),
        tail: new Uint8Array(1024),
      },
      { order, headers: "npm", modes: "kept" },
    ),
  );

export const packOf = (files: Files, gzip = { level: 9, os: 255 }): Uint8Array =>
  packGzip(tarOf(files), gzip);
