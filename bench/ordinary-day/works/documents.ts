import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { prose, upTo, type Work } from "../work.ts";

const saver = `
import os, sys, zipfile
folder, count, turn = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for i in range(count):
    path = os.path.join(folder, f"letter{i}.docx")
    lock = os.path.join(folder, f".~lock.letter{i}.docx#")
    open(lock, "w").write("somebody")
    with zipfile.ZipFile(path + ".tmp", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", "<Types/>")
        z.writestr("word/document.xml", "<w:document>" + f" paragraph {i} of turn {turn}" * 400 + "</w:document>")
    os.replace(path + ".tmp", path)
    os.remove(lock)
`;

/** Office-like saves: a new zip beside the old file, renamed over it, a lock file meanwhile; many in one evening. */
export const office: Work = {
  name: "office",
  needs: ["python3"],
  async carryOut(desk) {
    const program = join(desk.elsewhere, "save.py");
    await desk.put(program, saver);
    await desk.put(join(desk.documents, "letters/.keep"), "");
    for (const turn of upTo(3)) {
      await desk.run("python3", [
        program,
        join(desk.documents, "letters"),
        String(10 * desk.scale),
        String(turn),
      ]);
      await desk.pause();
    }
    for (const index of upTo(12))
      await desk.put(join(desk.documents, `notes/note${index}.txt`), prose(index, 30));
    await desk.run(
      "sh",
      [
        "-c",
        `sed -i 's/river/stream/g' notes/*.txt; iconv -f utf-8 -t utf-16 notes/note0.txt > notes/wide.txt`,
      ],
      { cwd: desk.documents },
    );
  },
};

/** Pictures and media: imported, all renamed at once, edited in place, thumbnails made. */
export const pictures: Work = {
  name: "pictures",
  needs: [],
  async carryOut(desk) {
    const folder = join(desk.documents, "pictures");
    const count = 12 * desk.scale;
    for (const index of upTo(count)) {
      const jpeg = Buffer.concat([
        Buffer.from("ffd8ffe000104a46494600010100", "hex"),
        randomBytes(60_000),
        Buffer.from("ffd9", "hex"),
      ]);
      await desk.put(join(folder, `IMG_${1000 + index}.jpg`), jpeg);
      await desk.put(
        join(folder, `.thumbnails/${index}.png`),
        Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), deflateSync(randomBytes(2000))]),
      );
    }
    await desk.put(
      join(folder, "clip.mp4"),
      Buffer.concat([Buffer.from("0000001866747970", "hex"), randomBytes(2 << 20)]),
    );
    await desk.pause();
    for (const [index, name] of (await readdir(folder)).filter((name) => name.endsWith(".jpg")).entries())
      await rename(join(folder, name), join(folder, `holiday-${String(index).padStart(3, "0")}.jpg`));
    await desk.pause();
    // A picture program that writes all of them anew, e.g. turned by a quarter.
    for (const index of upTo(count)) {
      const path = join(folder, `holiday-${String(index).padStart(3, "0")}.jpg`);
      const old = await readFile(path);
      await desk.put(path, Buffer.concat([old.subarray(0, 20), randomBytes(50_000), old.subarray(-2)]));
    }
    // Forms that nobody here knows: films, a password store, a sealed file; they only get other names.
    const unknown = ["wmv", "mpg", "gpg", "kdbx", "img", "dat"];
    for (const ending of unknown) await desk.put(join(folder, `own.${ending}`), randomBytes(60_000));
    await desk.pause();
    for (const ending of unknown)
      await rename(join(folder, `own.${ending}`), join(folder, `holiday.${ending}`));
    await desk.pause();
    await rm(join(folder, ".thumbnails"), { recursive: true });
  },
};

/** Documents packed into archives, unpacked elsewhere, and deleted once packed. */
export const archives: Work = {
  name: "archives",
  needs: ["tar", "gzip"],
  async carryOut(desk) {
    for (const index of upTo(15 * desk.scale))
      await desk.put(join(desk.documents, `reports/report${index}.csv`), prose(index, 120));
    await desk.pause();
    await desk.run(
      "sh",
      [
        "-c",
        "tar -czf reports.tar.gz reports && mkdir -p restored && tar -xzf reports.tar.gz -C restored && gzip -9 restored/reports/*.csv",
      ],
      { cwd: desk.documents },
    );
    await desk.pause();
    await desk.run("sh", ["-c", "gunzip restored/reports/*.gz; rm -rf reports"], { cwd: desk.documents });
  },
};
