import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { phrase } from "../../chamber/decoys/words.ts";
import { writeTar } from "../../chamber/run/tar.ts";
import { type TreeFile, WORLD_NOW } from "../part.ts";
import { type SmallFunction, smallFunctions } from "./functions.ts";
import { days, license, type Release, type SourcePackage, text, versions } from "./package.ts";
import { zip } from "./zip.ts";

export interface PypiOptions {
  readonly name: string;
  readonly folder: string;
  readonly owner: string;
  /** A command of its own. */
  readonly command: boolean;
}

const define = (one: SmallFunction) =>
  `def ${one.python}(${one.parameters}):\n    """${one.about}"""\n${one.pythonBody.map((line) => `    ${line}\n`).join("")}`;
const moduleOf = (name: string) => name.replaceAll("-", "_");

/** A Python package with its published versions. */
export function pypiPackage(random: SeededRandom, options: PypiOptions): SourcePackage {
  const { name, owner, folder } = options;
  const module = moduleOf(name);
  const about = phrase(random, 6).replace(/^./, (letter) => letter.toUpperCase());
  const list = versions(random);
  const dates = days(random, list.length, WORLD_NOW);
  const functions = random.shuffle(smallFunctions).slice(0, 2 + list.length);
  const releases = list.map((version, index): Release => {
    const some = functions.slice(0, 3 + index);
    const body = `"""${about}."""\nimport re\n\n__version__ = "${version}"\n\n\n${some.map(define).join("\n\n")}`;
    const main = `import sys\n\nimport ${module}\n\n\ndef main():\n    name, *words = sys.argv[1:] or ["__version__"]\n    value = getattr(${module}, name)\n    print(value(*words) if callable(value) else value)\n\n\nif __name__ == "__main__":\n    main()\n`;
    const script = options.command ? `\n[project.scripts]\n${name} = "${module}.__main__:main"\n` : "";
    const project = `[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "${name}"\nversion = "${version}"\ndescription = "${about}"\nreadme = "README.md"\nrequires-python = ">=3.9"\nlicense = {text = "MIT"}\nauthors = [{name = "${owner}"}]\n${script}`;
    const test = `import unittest\n\nimport ${module}\n\n\nclass VersionTest(unittest.TestCase):\n    def test_version(self):\n        self.assertEqual(${module}.__version__, "${version}")\n`;
    return {
      version,
      at: dates[index]!,
      message: index === 0 ? "First version" : `Release ${version}`,
      files: [
        text("pyproject.toml", project),
        text("README.md", `# ${name}\n\n${about}.\n\n    pip install ${name}\n`),
        text("LICENSE", license(owner)),
        text(`${module}/__init__.py`, body),
        ...(options.command ? [text(`${module}/__main__.py`, main)] : []),
        text("tests/test_version.py", test),
      ],
    };
  });
  return { name, folder, releases };
}

const metadata = (name: string, { version, files }: Release) => {
  const readMe = files.find((file) => file.path === "README.md")!;
  return `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nRequires-Python: >=3.9\nDescription-Content-Type: text/markdown\n\n${Buffer.from(readMe.content)}`;
};

/** Source distribution: name and bytes of the file. */
export function packSdist(name: string, release: Release): { name: string; content: Buffer } {
  const base = `${moduleOf(name)}-${release.version}`;
  const files = [text("PKG-INFO", metadata(name, release)), ...release.files];
  const entries = files.map((file) => ({
    path: `${base}/${file.path}`,
    mode: file.executable ? 0o755 : 0o644,
    uid: 0,
    content: file.content,
  }));
  return { name: `${base}.tar.gz`, content: gzipSync(Buffer.concat([...writeTar(entries)]), { level: 9 }) };
}

/** Wheel for every platform, as the binary distribution format says: name and bytes of the file. */
export function packWheel(name: string, release: Release): { name: string; content: Buffer } {
  const module = moduleOf(name);
  const info = `${module}-${release.version}.dist-info`;
  const command = release.files.some((file) => file.path === `${module}/__main__.py`);
  const files: TreeFile[] = [
    ...release.files.filter((file) => file.path.startsWith(`${module}/`)),
    text(`${info}/METADATA`, metadata(name, release)),
    text(
      `${info}/WHEEL`,
      "Wheel-Version: 1.0\nGenerator: setuptools (80.9.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    ),
    ...(command
      ? [text(`${info}/entry_points.txt`, `[console_scripts]\n${name} = ${module}.__main__:main\n`)]
      : []),
    text(`${info}/top_level.txt`, `${module}\n`),
  ];
  const sum = (file: TreeFile) => createHash("sha256").update(file.content).digest("base64url");
  const record = files.map((file) => `${file.path},sha256=${sum(file)},${file.content.length}\n`);
  files.push(text(`${info}/RECORD`, `${record.join("")}${info}/RECORD,,\n`));
  return { name: `${module}-${release.version}-py3-none-any.whl`, content: zip(files) };
}
