/** Reads `package.json` out of an npm tarball. */
import { gunzipSync } from "node:zlib";
import { readTar } from "../run/tar.ts";

/** Bytes that a tarball may unpack to; a bomb is taken for a package without a manifest. */
const MAX_UNPACKED = 32 * 1024 * 1024;

export async function readManifest(tarball: Buffer): Promise<Record<string, unknown>> {
  try {
    const bytes = gunzipSync(tarball, { maxOutputLength: MAX_UNPACKED });
    const read = async (at: number, length: number) => bytes.subarray(at, at + length);
    const { entries } = await readTar(read, { maxEntries: 5000, start: 0, end: bytes.length });
    const entry = entries.find(({ path }) => /^[^/]+\/package\.json$/.test(path));
    const value: unknown = entry && JSON.parse(bytes.toString("utf8", entry.at, entry.at + entry.size));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
