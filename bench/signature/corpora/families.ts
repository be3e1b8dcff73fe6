/** A family of tier A: one program over all its builds. */
export interface BenchFamily {
  readonly name: string;
  /** Source packages; none of them is ever goodware of this bench. */
  readonly sources: readonly string[];
  /** Packages, and where the program lies in each: the first of these paths that is there. */
  readonly packages: readonly { readonly name: string; readonly programs: readonly string[] }[];
  /** Package whose builds for other architectures are unseen, too. */
  readonly elsewhere: string | null;
}

const bin = (name: string) => ["bin", "usr/bin", "sbin", "usr/sbin"].map((folder) => `${folder}/${name}`);
const family = (
  name: string,
  packages: Record<string, string | string[]>,
  elsewhere: string | null = null,
  sources: string[] = [name],
): BenchFamily => ({
  name,
  sources,
  packages: Object.entries(packages).map(([each, programs]) => ({
    name: each,
    programs: [programs].flat().flatMap(bin),
  })),
  elsewhere,
});

/** The families that were measured with the usual rule generator before; see docs/signatures.md. */
export const families: readonly BenchFamily[] = [
  family("busybox", { "busybox-static": "busybox", busybox: "busybox" }, "busybox-static"),
  family("nano", { nano: "nano", "nano-tiny": "nano-tiny" }, "nano"),
  family("dropbear", { "dropbear-bin": "dropbear" }, "dropbear-bin"),
  family("mksh", { mksh: "mksh" }, "mksh"),
  family("toybox", { toybox: "toybox" }),
  family("tcsh", { tcsh: "tcsh" }, "tcsh"),
  family("zsh", { zsh: ["zsh", "zsh5"] }),
  family("lua5.4", { "lua5.4": "lua5.4" }, "lua5.4"),
  family("lighttpd", { lighttpd: "lighttpd" }),
  family("screen", { screen: "screen" }, "screen"),
  family("vim", { "vim-tiny": "vim.tiny", "vim-nox": "vim.nox" }),
  family("joe", { joe: "joe" }),
  family("memcached", { memcached: "memcached" }, "memcached"),
  family("rsync", { rsync: "rsync" }),
  family("socat", { socat: ["socat", "socat1"] }),
  family("lynx", { lynx: "lynx" }),
];

/** Suites from the oldest to the newest: builds of the last suite that has one are the newest. */
export const suites = [
  { archive: "debian", suite: "bullseye" },
  { archive: "security", suite: "bullseye-security" },
  { archive: "debian", suite: "bookworm" },
  { archive: "security", suite: "bookworm-security" },
  { archive: "debian", suite: "bookworm-updates" },
  { archive: "debian", suite: "bookworm-backports" },
  { archive: "debian", suite: "trixie" },
  { archive: "security", suite: "trixie-security" },
  { archive: "debian", suite: "trixie-backports" },
  { archive: "debian", suite: "forky" },
  { archive: "debian", suite: "sid" },
] as const;
