import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a package is made of. */
export interface PackageSpec {
  readonly name: string;
  readonly version: string;
  /** Name, content and mode. */
  readonly files: readonly {
    readonly name: string;
    readonly content: string | Buffer;
    readonly mode: number;
  }[];
  readonly conffiles?: readonly string[];
  /** Maintainer scripts and other control files, by name. */
  readonly control?: Readonly<Record<string, string>>;
}

const sums = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** A signed repository in a folder, with a throw-away key. It is read by `copy:`, so that apt keeps the archives in its cache. */
export class AptRepository {
  readonly folder: string;
  readonly #home: string;

  private constructor(folder: string, home: string) {
    this.folder = folder;
    this.#home = home;
  }

  static async create(dir: string): Promise<AptRepository> {
    const home = join(dir, "gnupg");
    await mkdir(home, { recursive: true, mode: 0o700 });
    await mkdir(join(dir, "repository"), { recursive: true });
    const made = new AptRepository(join(dir, "repository"), home);
    await made.#gpg("--quick-gen-key", "repository@test.invalid", "ed25519", "sign", "1d");
    await run("gpg", ["--homedir", home, "--batch", "--export", "--output", join(dir, "key.gpg")]);
    return made;
  }

  async #gpg(...args: string[]): Promise<void> {
    await run("gpg", ["--homedir", this.#home, "--batch", "--quiet", "--passphrase", "", ...args]);
  }

  get key(): string {
    return join(dirname(this.folder), "key.gpg");
  }

  async add(spec: PackageSpec): Promise<void> {
    const tree = join(dirname(this.folder), "tree");
    await rm(tree, { recursive: true, force: true });
    const put = async (name: string, content: string | Buffer, mode: number) => {
      await mkdir(dirname(join(tree, name)), { recursive: true });
      await writeFile(join(tree, name), content);
      await chmod(join(tree, name), mode);
    };
    for (const { name, content, mode } of spec.files) await put(name, content, mode);
    const manifest = spec.files
      .filter(({ name }) => !spec.conffiles?.includes(name))
      .map(({ name, content }) => `${createHash("md5").update(content).digest("hex")}  ${name}\n`);
    await put("DEBIAN/md5sums", manifest.join(""), 0o644);
    await put(
      "DEBIAN/control",
      `Package: ${spec.name}\nVersion: ${spec.version}\nArchitecture: all\nMaintainer: Nobody <nobody@test.invalid>\nDescription: for a test\n`,
      0o644,
    );
    if (spec.conffiles)
      await put("DEBIAN/conffiles", spec.conffiles.map((name) => `/${name}\n`).join(""), 0o644);
    for (const [name, content] of Object.entries(spec.control ?? {}))
      await put(`DEBIAN/${name}`, content, name === "triggers" ? 0o644 : 0o755);
    const archive = join(this.folder, `${spec.name}_${spec.version}_all.deb`);
    await run("dpkg-deb", ["--root-owner-group", "-Zgzip", "--build", tree, archive]);
    await rm(tree, { recursive: true, force: true });
  }

  /** Writes Packages, Release and the signed InRelease. */
  async publish(): Promise<void> {
    const stanzas: string[] = [];
    for (const file of (await readdir(this.folder)).filter((name) => name.endsWith(".deb")).sort()) {
      const bytes = await readFile(join(this.folder, file));
      const { stdout } = await run("dpkg-deb", ["-f", join(this.folder, file)]);
      stanzas.push(`${stdout.trim()}\nFilename: ./${file}\nSize: ${bytes.length}\nSHA256: ${sums(bytes)}\n`);
    }
    const packages = stanzas.join("\n");
    await writeFile(join(this.folder, "Packages"), packages);
    const release = `Origin: test\nSuite: test\nDate: ${new Date().toUTCString().replace("GMT", "UTC")}\nSHA256:\n ${sums(Buffer.from(packages))} ${Buffer.byteLength(packages)} Packages\n`;
    await writeFile(join(this.folder, "Release"), release);
    await rm(join(this.folder, "InRelease"), { force: true });
    await this.#gpg("--clearsign", "--output", join(this.folder, "InRelease"), join(this.folder, "Release"));
  }

  async close(): Promise<void> {
    execFileSync("gpgconf", ["--homedir", this.#home, "--kill", "all"], { stdio: "ignore" });
  }
}

/** A system's root into which the real apt and dpkg install, without touching this machine's own packages. */
export class AptRoot {
  readonly root: string;
  /** For APT_CONFIG. */
  readonly config: string;

  private constructor(root: string) {
    this.root = root;
    this.config = `${root}.apt.conf`;
  }

  static async create(root: string, repository: AptRepository): Promise<AptRoot> {
    const made = new AptRoot(root);
    for (const folder of [
      ...["etc/apt/trusted.gpg.d", "etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/log/apt", "usr/bin"],
      ...["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/lib/apt/lists/partial"],
      ...["var/cache/apt/archives/partial"],
    ])
      await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, "var/lib/dpkg/status"), "");
    await writeFile(join(root, "var/lib/dpkg/available"), "");
    await writeFile(join(root, "etc/apt/sources.list"), `deb copy:${repository.folder} ./\n`);
    await writeFile(join(root, "etc/apt/trusted.gpg.d/test.gpg"), await readFile(repository.key));
    const options = [
      ...[`--root=${root}`, `--log=${root}/var/log/dpkg.log`],
      ...["--force-not-root", "--force-script-chrootless"],
    ];
    await writeFile(
      made.config,
      [
        `Dir "${root}";`,
        `Dir::State::status "${root}/var/lib/dpkg/status";`,
        `DPkg::Options { ${options.map((option) => `"${option}";`).join(" ")} };`,
        `DPkg::Path "/usr/sbin:/usr/bin:/sbin:/bin";`,
        `Dir::Bin::dpkg "/usr/bin/dpkg";`,
        ...['APT::Sandbox::User "";', 'Acquire::Languages "none";', 'APT::Get::Assume-Yes "true";'],
        ...['APT::Keep-Downloaded-Packages "true";', 'quiet "2";', ""],
      ].join("\n"),
    );
    return made;
  }

  async apt(...args: string[]): Promise<string> {
    const env = { ...process.env, APT_CONFIG: this.config, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    const { stdout, stderr } = await run("apt-get", args, { env, maxBuffer: 1 << 26 });
    return stdout + stderr;
  }

  at(name: string): string {
    return join(this.root, name);
  }
}

/** A compiled program of this machine, small, with a mark behind it that makes it another one; it is never run. */
export async function someProgram(mark: string): Promise<Buffer> {
  for (const path of ["/usr/bin/true", "/bin/true", "/usr/bin/env"])
    if ((await stat(path).catch(() => null))?.isFile())
      return Buffer.concat([await readFile(path), Buffer.from(`\n${mark}\n`)]);
  throw new Error("this machine has no /usr/bin/true");
}

/** Packages as a distribution has them: programs, scripts, a module that is compiled when it is configured, configuration, a trigger. */
export async function ordinaryPackage(name: string, version: string, programs = 2): Promise<PackageSpec> {
  const files: PackageSpec["files"][number][] = [];
  for (let index = 0; index < programs; index++) {
    const content = await someProgram(`${name} ${version} ${index}`);
    files.push({ name: `usr/bin/${name}-${index}`, content, mode: 0o755 });
  }
  const script = `#!/bin/sh\nset -eu\necho "${name} ${version}"\n`;
  files.push(
    { name: `usr/bin/${name}-run`, content: script, mode: 0o755 },
    { name: `usr/lib/python3/dist-packages/${name}.py`, content: `VERSION = "${version}"\n`, mode: 0o644 },
    { name: `etc/init.d/${name}`, content: `#!/bin/sh\n# ${version}\nexit 0\n`, mode: 0o755 },
    { name: `usr/share/test-data/${name}`, content: `${name} ${version}\n`, mode: 0o644 },
    { name: `usr/share/doc/${name}/copyright`, content: `nobody's, ${version}\n`, mode: 0o644 },
  );
  const cache = `"$DPKG_ROOT/usr/lib/python3/dist-packages/__pycache__"`;
  return {
    ...{ name, version, files, conffiles: [`etc/init.d/${name}`] },
    control: {
      postinst: `#!/bin/sh\nset -e\n# ${version}\nmkdir -p ${cache}\nprintf '\\313\\r\\r\\n\\000\\000%s' "${version}" > ${cache}/${name}.cpython-311.pyc\n`,
      prerm: `#!/bin/sh\nset -e\n# ${version}\nexit 0\n`,
    },
  };
}

/** A package that keeps a cache of what others install, by a trigger. */
export const cachingPackage: PackageSpec = {
  ...{ name: "test-cache", version: "1.0" },
  files: [{ name: "usr/share/doc/test-cache/copyright", content: "nobody's\n", mode: 0o644 }],
  control: {
    triggers: "interest-noawait /usr/share/test-data\n",
    postinst: `#!/bin/sh\nset -e\nmkdir -p "$DPKG_ROOT/var/cache/test"\nls "$DPKG_ROOT/usr/share/test-data" > "$DPKG_ROOT/var/cache/test/list" 2>/dev/null || true\n`,
  },
};
