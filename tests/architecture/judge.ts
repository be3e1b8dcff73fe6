import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { importsOf, sourceFiles } from "./imports.ts";
import { longFiles, MAX_LINES, mayImport, mayUseTestkit, neverReaches, onlyIn } from "./rules.ts";

const folders = ["apps", "packages", "bench", "tests", "scripts"];
/** Which folder of the workspace a package name of ours stands for. */
const workspace: Readonly<Record<string, string>> = {
  thymus: "apps/cli",
  ...Object.fromEntries(Object.keys(mayImport).map((path) => [`@thymus/${posix.basename(path)}`, path])),
};

const isTest = (file: string) => /\.test\.ts$|\/testing\//.test(file);
/** `apps/agent` of `apps/agent/src/x.ts`; the top folder for everything that lies elsewhere. */
const unitOf = (file: string) => {
  const [top, name] = file.split("/");
  return top === "apps" || top === "packages" ? `${top}/${name}` : top!;
};
/** `@thymus/trust` of `@thymus/trust/src/x.ts`, `fastify` of `fastify/lib`. */
const packageOf = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Every breach of the import rules in a tree, as lines that a person can act on. */
export function judgeImports(top: string): string[] {
  return sourceFiles(top, folders).flatMap((file) =>
    importsOf(top, file).flatMap(({ specifier, line }) => {
      const why = refusal(file, specifier);
      return why ? [`${file}:${line}: imports ${specifier}: ${why}`] : [];
    }),
  );
}

function refusal(file: string, specifier: string): string | null {
  const unit = unitOf(file);
  if (specifier.startsWith(".")) return refuseRelative(file, unit, specifier);
  const name = packageOf(specifier);
  const places = onlyIn[specifier] ?? onlyIn[name];
  if (places && !places.includes(unit) && !isTest(file)) return `only ${places.join(", ")} may`;
  if (!name.startsWith("@thymus/") && name !== "thymus") return null;
  const target = workspace[name];
  if (target === undefined) return "there is no such package of ours";
  if (specifier.startsWith(`${name}/src`)) return "a package is used through its exports, not its files";
  if (target === "packages/testkit" && unit !== target) {
    const allowed = mayUseTestkit.some(
      (rule) => rule.files.test(file) && (rule.specifier ?? specifier) === specifier,
    );
    return allowed ? null : "the testkit is for tests";
  }
  const allowed = mayImport[unit];
  if (allowed === undefined)
    return unit.includes("/") ? `${unit} has no line in tests/architecture/rules.ts` : null;
  return target === unit || allowed.includes(posix.basename(target)) ? null : `${unit} may not use ${target}`;
}

function refuseRelative(file: string, unit: string, specifier: string): string | null {
  const target = posix.join(posix.dirname(file), specifier);
  // Scripts, benches and the tests of the whole may look into the tree; a package's own code may not leave its folder.
  if (unit.includes("/") && unitOf(target) !== unit) return "it leaves its own package";
  if (!isTest(file) && !/^(bench|tests)\//.test(file) && isTest(target)) return "it is a test's helper";
  return null;
}

/** Every breach of `neverReaches`: with the chain of files that leads there. */
export function judgeReach(top: string): string[] {
  return neverReaches.flatMap(({ entry, never }) => {
    const found: string[] = [];
    const from = new Map<string, string | null>([[entry, null]]);
    const chain = (file: string): string => {
      const before = from.get(file);
      return before ? `${chain(before)} -> ${file}` : file;
    };
    for (const file of from.keys()) {
      for (const { specifier } of importsOf(top, file)) {
        if (never.includes(specifier) || never.includes(packageOf(specifier)))
          found.push(`${entry} reaches ${specifier} by ${chain(file)}`);
        const next = resolve(top, file, specifier);
        if (next && !from.has(next)) from.set(next, file);
      }
    }
    return found;
  });
}

/** The file of ours that a specifier means, or null for outside code. */
function resolve(top: string, file: string, specifier: string): string | null {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  const name = packageOf(specifier);
  const target = workspace[name];
  if (target === undefined) return null;
  const { exports } = JSON.parse(readFileSync(join(top, target, "package.json"), "utf8"));
  const path = exports[`.${specifier.slice(name.length)}`];
  return typeof path === "string" ? posix.join(target, path) : null;
}

/** Files over the limit without a reason, and reasons without need. */
export function judgeSizes(top: string): string[] {
  const lines = (file: string) => readFileSync(join(top, file), "utf8").trimEnd().split("\n").length;
  const over = sourceFiles(top, folders).filter((file) => lines(file) > MAX_LINES);
  return [
    ...over.filter((file) => !(file in longFiles)).map((file) => `${file}: ${lines(file)} lines`),
    ...Object.keys(longFiles)
      .filter((file) => !over.includes(file))
      .map((file) => `${file}: listed as long, but is not`),
  ];
}

/** Packages and apps without a README or without a line in the table. */
export function judgeFolders(top: string): string[] {
  const units = ["apps", "packages"].flatMap((kind) =>
    readdirSync(join(top, kind), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${kind}/${entry.name}`),
  );
  return [
    ...units
      .filter((unit) => !readdirSync(join(top, unit)).includes("README.md"))
      .map((unit) => `${unit} has no README.md that says what may enter it`),
    ...units
      .filter((unit) => !(unit in mayImport))
      .map((unit) => `${unit} has no line in tests/architecture/rules.ts`),
    ...Object.keys(mayImport)
      .filter((unit) => !units.includes(unit))
      .map((unit) => `${unit} has a line in tests/architecture/rules.ts but is not there`),
  ];
}
