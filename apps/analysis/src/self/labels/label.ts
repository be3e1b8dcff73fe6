import { basename } from "node:path";

/** Whose code something is that stands in many programs though it is no program's own. */
export type Label = "library" | "compiler" | "runtime" | "packer";

/** What tells the labels apart in one filter; any different numbers would do. */
export const SALTS: Readonly<Record<Label, bigint>> = {
  library: 0x243f6a8885a308d3n,
  compiler: 0x13198a2e03707344n,
  runtime: -0x5bf6c7dd660ce2f8n,
  packer: 0x082efa98ec4e6c89n,
};

/** Names of packages, without architecture and version, and their sections in the archive. */
const packages: readonly (readonly [Label, RegExp, RegExp | null])[] = [
  ["packer", /^(upx|ucl|libucl|makeself|python3-pyinstaller|pyinstaller)/, null],
  [
    "compiler",
    /^(lib)?(gcc|g\+\+|cpp|clang|llvm|golang|gccgo|rustc|rust-|fpc|ghc|gdc|ldc|nim|ocaml|tcc|binutils|libc6-dev|libstdc\+\+|stdc\+\+)/,
    /^(golang|rust|haskell|ocaml)$/,
  ],
  [
    "runtime",
    /^(lib)?(python[0-9.]*($|-(minimal|stdlib|dev))|perl($|-base|5)|node(js|[0-9])|php|ruby[0-9.]*($|-dev)|lua|luajit|openjdk|mono|dotnet|tcl|guile|v8|mozjs)/,
    /^(python|perl|php|ruby|javascript|java|interpreters|cli-mono)$/,
  ],
  ["library", /^lib/, /^(libs|libdevel|oldlibs)$/],
];

const paths: readonly (readonly [Label, RegExp])[] = [
  ["packer", /\/(upx[^/]*|upx-ucl)$/],
  [
    "compiler",
    /\/(gcc|gcc-cross|rustlib|go-[0-9.]+|golang|llvm-[0-9]+|fpc|ghc|tcc|ocaml)\/|\/lib(gcc|stdc\+\+|go|gfortran|c_nonshared)[^/]*\.(a|so)\b|\/r?crt[^/]*\.o$/,
  ],
  [
    "runtime",
    /\/(python[0-9.]+|perl5?|node_modules|php|ruby|jvm|mono|dotnet)\/|\/lib(python|perl|node|php|ruby|lua|jvm|mono)[^/]*\.(a|so)\b/,
  ],
  ["library", /\.(a|so|o|rlib)(\.[0-9.]+)*$/],
];

/** Files that are linked into programs, or unpack them: what else a package holds is not labelled. */
const LINKED = /\.(a|o|so|rlib)(\.[0-9.]+)*$/;

/** The label of a file that belongs to this package, if it is code that other programs may carry. */
export function labelOfPackage(path: string, name: string, section: string): Label | null {
  for (const [label, names, sections] of packages) {
    if (!names.test(name) && !sections?.test(section)) continue;
    return label === "packer" || LINKED.test(basename(path)) ? label : labelOfPath(path);
  }
  return labelOfPath(path);
}

/** The same by where it lies, for files of which nobody knows the package. */
export function labelOfPath(path: string): Label | null {
  return paths.find(([, place]) => place.test(path))?.[0] ?? null;
}
