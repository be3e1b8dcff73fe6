import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { upTo, type Work } from "../work.ts";

const PROGRAMS = ["cat", "ls", "cp", "mv", "rm", "head", "tail", "sort", "wc", "cut", "tr", "date"];

/** Layers of an image: extracted from tars, mounted as an overlay, changed inside, one image upgraded to the next. */
export const containers: Work = {
  name: "containers",
  needs: ["tar", "mount"],
  root: true,
  async carryOut(desk) {
    const layers = join(desk.folder, "overlay2");
    const names = PROGRAMS.slice(0, 6 + desk.scale);
    const tarOf = async (layer: string, shift: number) => {
      const top = join(desk.elsewhere, layer);
      for (const [index, name] of names.entries()) {
        const from = `/usr/bin/${PROGRAMS[(index + shift) % PROGRAMS.length]}`;
        await mkdir(join(top, "usr/bin"), { recursive: true });
        await desk.run("cp", [from, join(top, "usr/bin", name)]);
      }
      await desk.put(
        join(top, "usr/bin/entrypoint.sh"),
        `#!/bin/sh\nset -e\nexec ${names[shift]} "$@"\n`,
        0o755,
      );
      await desk.run("tar", ["-cf", `${top}.tar`, "-C", top, "."]);
      return `${top}.tar`;
    };
    for (const [number, tar] of [await tarOf("base", 0), await tarOf("upgrade", 3)].entries()) {
      const diff = join(layers, `layer${number}`, "diff");
      await mkdir(diff, { recursive: true });
      await desk.run("tar", ["-xf", tar, "-C", diff]);
    }
    await desk.pause();
    const own = join(layers, "container");
    for (const part of ["diff", "work", "merged"]) await mkdir(join(own, part), { recursive: true });
    const lower = ["layer1", "layer0"].map((layer) => join(layers, layer, "diff")).join(":");
    await desk.run("mount", [
      "-t",
      "overlay",
      "overlay",
      "-o",
      `lowerdir=${lower},upperdir=${join(own, "diff")},workdir=${join(own, "work")}`,
      join(own, "merged"),
    ]);
    try {
      for (const turn of upTo(3)) {
        await desk.put(join(own, "merged/app", `state${turn}`), `turn ${turn}\n`);
        await desk.put(
          join(own, "merged/usr/bin/entrypoint.sh"),
          `#!/bin/sh\n# turn ${turn}\nexec cat\n`,
          0o755,
        );
      }
      for (const name of names.slice(0, 4))
        await desk.run("sh", [
          "-c",
          `touch "$1"; chmod 700 "$1"; rm "$1"`,
          "sh",
          join(own, "merged/usr/bin", name),
        ]);
    } finally {
      await desk.run("umount", [join(own, "merged")]);
    }
    await desk.run("rm", ["-rf", join(layers, "layer0")]);
  },
};
