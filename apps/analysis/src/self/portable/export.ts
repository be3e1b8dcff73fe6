import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { PortableSelf, ThymusError } from "@thymus/contracts";
import { syncFolder, temporaryFor } from "@thymus/store";
import { openCorpus } from "../corpus.ts";
import { layout } from "../files/layout.ts";
import { encodeHashes } from "./hashes.ts";

/**
 * Writes self as one file: a line of JSON that says what follows, then hashes, model, index and labels. No content, no paths.
 * What was imported into this corpus is not passed on: each machine speaks for itself.
 * @throws ThymusError CORPUS_MISSING
 */
export async function exportCorpus(dir: string, file: string): Promise<PortableSelf> {
  const { manifest, files } = await openCorpus(dir);
  const { index, labels, model } = manifest;
  if (!index || files.length === 0) {
    const message = `the corpus in ${dir} has nothing of its own to export`;
    throw new ThymusError("CORPUS_MISSING", message, "run: thymus corpus build");
  }
  const hashes = Buffer.from(encodeHashes(files));
  const paths = {
    model: layout(dir).model(model.sha256),
    index: layout(dir).index(index.sha256),
    ...(labels && { labels: layout(dir).labels(labels.sha256) }),
  };
  const header = PortableSelf.parse({
    format: "thymus-self",
    version: 1,
    digest: manifest.digest,
    files: manifest.files,
    bytes: manifest.bytes,
    made: manifest.made,
    hashes: { size: hashes.length, sha256: createHash("sha256").update(hashes).digest("hex") },
    model: { ...model, size: (await stat(paths.model)).size },
    index: { ...index, size: (await stat(paths.index)).size },
    ...(labels && { labels: { ...labels, size: (await stat(paths.labels!)).size } }),
  });
  const target = resolve(file);
  const temporary = temporaryFor(target);
  try {
    const out = await open(temporary, "wx", 0o600);
    try {
      await out.writeFile(`${JSON.stringify(header)}\n`);
      await out.writeFile(hashes);
      for (const path of Object.values(paths))
        for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
          await out.writeFile(chunk as Buffer);
      await out.sync();
    } finally {
      await out.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
  await syncFolder(dirname(target));
  return header;
}
