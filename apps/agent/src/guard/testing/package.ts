import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";

/** A package of thirty small files, and an empty root that it can be installed into. @returns arguments of dpkg */
export function smallPackage(folder: string, root: string): string[] {
  const tree = `${folder}/tree`;
  mkdirSync(`${tree}/DEBIAN`, { recursive: true });
  mkdirSync(`${tree}/usr/share/thymus-test`, { recursive: true });
  const control = {
    Package: "thymus-test",
    Version: "1.0",
    Architecture: "all",
    Maintainer: "Nobody <nobody@example.org>",
    Description: "files for a test",
  };
  writeFileSync(
    `${tree}/DEBIAN/control`,
    Object.entries(control)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(""),
  );
  for (let index = 0; index < 30; index++)
    writeFileSync(`${tree}/usr/share/thymus-test/${index}.txt`, `${index}\n`.repeat(1000));
  const archive = `${folder}/thymus-test.deb`;
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", tree, archive], { stdio: "ignore" });
  for (const sub of ["info", "updates", "triggers"])
    mkdirSync(`${root}/var/lib/dpkg/${sub}`, { recursive: true });
  for (const file of ["status", "available"]) writeFileSync(`${root}/var/lib/dpkg/${file}`, "");
  return [`--root=${root}`, "--install", archive];
}
