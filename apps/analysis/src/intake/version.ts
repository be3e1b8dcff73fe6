/** What a remembered result depends on beside the sample. */
import { createHash } from "node:crypto";
import { THYMUS_VERSION } from "@thymus/contracts";
import { readManifest } from "../chamber/manifest.ts";
import { chamberPaths } from "../chamber/paths.ts";

/** Digest of this program's version and of the chamber. @throws ThymusError CHAMBER_NOT_BUILT */
export async function analysisVersion(chamberDir: string): Promise<string> {
  const { image, program } = await readManifest(chamberPaths(chamberDir), chamberDir);
  return createHash("sha256")
    .update(JSON.stringify([THYMUS_VERSION, image, program]))
    .digest("hex")
    .slice(0, 32);
}
