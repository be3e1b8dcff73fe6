import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { type Desk, upTo, type Work } from "../work.ts";

async function build(desk: Desk, index: number, version: number): Promise<string> {
  const name = `day-tool-${index}`;
  const folder = join(desk.elsewhere, `${name}_${version}`);
  const source = `#include <stdio.h>
int work(int n) { int s = ${index * 7 + version}; for (int i = 0; i < n; i++) s = s * ${31 + version} + i; return s; }
int main(int c, char **v) { printf("${name} ${version} %d\\n", work(c + ${index})); ${version > 1 ? 'if (c > 3) puts("new in this version");' : ""} return 0; }
`;
  await desk.put(`${folder}.c`, source);
  await desk.put(join(folder, "DEBIAN/control"), control(name, version));
  await desk.put(join(folder, `usr/share/doc/${name}/changelog`), `${name} ${version}\n`);
  await desk.put(
    join(folder, `usr/bin/${name}-helper`),
    `#!/bin/sh\n# helper of ${name}\nset -e\nVERSION=${version}\nexec ${name} "$VERSION" "$@"\n`,
    0o755,
  );
  await desk.run("cc", ["-O1", "-o", join(folder, `usr/bin/${name}`), `${folder}.c`]);
  await chmod(join(folder, "DEBIAN"), 0o755);
  await desk.run("sh", [
    "-c",
    `cd "$1" && find usr -type f -exec md5sum {} + > DEBIAN/md5sums && dpkg-deb -Zgzip --root-owner-group -b . "$1.deb"`,
    "sh",
    folder,
  ]);
  return `${folder}.deb`;
}

const control = (name: string, version: number) =>
  `Package: ${name}\nVersion: ${version}.0\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\nDescription: a tool of an ordinary day\n`;

/** A root file system whose packages are installed and upgraded, as of a container or a chroot. */
export const packages: Work = {
  name: "packages",
  needs: ["dpkg", "dpkg-deb", "cc"],
  root: true,
  async carryOut(desk) {
    const root = join(desk.folder, "rootfs");
    const count = 4 + 2 * desk.scale;
    for (const part of ["info", "updates", "triggers"])
      await desk.put(join(root, "var/lib/dpkg", part, ".keep"), "");
    await desk.put(join(root, "var/lib/dpkg/status"), "");
    for (const version of [1, 2]) {
      const debs: string[] = [];
      for (const index of upTo(count)) debs.push(await build(desk, index, version));
      await desk.run("dpkg", [`--root=${root}`, "--force-all", "--log=/dev/null", "-i", ...debs]);
      await desk.pause();
    }
    await desk.run("dpkg", [`--root=${root}`, "--log=/dev/null", "--purge", "day-tool-0"]);
  },
};
