import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

/** A C project whose programs share a library: all are linked anew whenever that changes. */
export const make: Work = {
  name: "make",
  needs: ["cc", "make"],
  async carryOut(desk) {
    const programs = upTo(4 + desk.scale).map((index) => `tool${index}`);
    const shared = (turn: number) => `#include <stdio.h>
static const char *about = ${JSON.stringify(prose(turn, 6))};
int shared(int n) { int s = ${turn}; for (int i = 0; i < n; i++) s = (s << 3) ^ (s >> 2) ^ i * ${turn + 5}; puts(about); return s; }
`;
    await desk.put(join(desk.folder, "shared.c"), shared(1));
    for (const [index, name] of programs.entries())
      await desk.put(
        join(desk.folder, `${name}.c`),
        `int shared(int);\nint main(int c, char **v) { return shared(c + ${index}) & 1; }\n`,
      );
    await desk.put(
      join(desk.folder, "Makefile"),
      `CFLAGS=-O1 -g\nall: ${programs.join(" ")}\n${programs.join(" ")}: %: %.o shared.o\n\t$(CC) -o $@ $^\nclean:\n\trm -f *.o ${programs.join(" ")}\n`,
    );
    for (const turn of [1, 2, 3]) {
      await desk.put(join(desk.folder, "shared.c"), shared(turn));
      await desk.run("make", ["-s"], { cwd: desk.folder });
      await desk.pause();
    }
    await desk.run("sh", ["-c", "strip tool*[0-9]; make -s clean; make -s CFLAGS=-O2"], { cwd: desk.folder });
  },
};
