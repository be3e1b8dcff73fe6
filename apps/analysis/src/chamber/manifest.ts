import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { type ChamberInfo, parseJsonDocument, Sha256, ThymusError } from "@thymus/contracts";
import { z } from "zod";
import { chooseAccelerator, KvmProbe } from "./accelerator.ts";
import { runTool } from "./build/tool.ts";
import { CHAMBER_FORMAT, type ChamberPaths } from "./paths.ts";

/** What a finished chamber says of itself. Written last: where it is, everything else is. */
export const ChamberManifest = z.strictObject({
  format: z.number().int(),
  image: Sha256,
  /** What a machine is restored with where the probe found nothing better. */
  accelerator: z.enum(["tcg", "kvm"]),
  kvm: KvmProbe.optional(),
  /** First line of `qemu-system-x86_64 --version`: a saved machine fits the QEMU that saved it. */
  qemu: z.string().max(256),
  /** Guest program and machine of the Thymus that built it. */
  program: Sha256,
});
export type ChamberManifest = z.infer<typeof ChamberManifest>;

export async function qemuVersion(): Promise<string> {
  const text = (await runTool("qemu-system-x86_64", ["--version"])).toString("utf8");
  return text.split("\n")[0]!.trim().slice(0, 256);
}

/** sha256 over kernel, initial RAM disk (guest program) and root file system. */
export async function imageDigest(paths: ChamberPaths): Promise<Sha256> {
  const hash = createHash("sha256").update(`thymus-chamber ${CHAMBER_FORMAT}\n`);
  for (const path of [paths.kernel, paths.initramfs, paths.root]) {
    hash.update(`${(await stat(path)).size}\n`);
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
  }
  return Sha256.parse(hash.digest("hex"));
}

export function chamberInfo(manifest: ChamberManifest): ChamberInfo {
  return { kind: `qemu-${chooseAccelerator(manifest.kvm)}`, trust: "isolated", image: manifest.image };
}

/** @throws ThymusError CHAMBER_NOT_BUILT where there is none, or one of another format */
export async function readManifest(paths: ChamberPaths, dataDir: string): Promise<ChamberManifest> {
  const text = await readFile(paths.manifest, "utf8").catch(() => null);
  try {
    if (text !== null) {
      const manifest = parseJsonDocument(ChamberManifest, text, "the chamber's manifest");
      if (manifest.format === CHAMBER_FORMAT) return manifest;
    }
  } catch {
    // Told below: a manifest of another shape is one of another version.
  }
  throw new ThymusError(
    "CHAMBER_NOT_BUILT",
    text !== null ? `the chamber in ${dataDir} is of another version` : `there is no chamber in ${dataDir}`,
    "build it with: thymus chamber build",
  );
}
