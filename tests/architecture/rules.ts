/**
 * Who may import whom. One line a package; what is not listed is refused. A change here is a change of the design:
 * say why in docs/adr.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  "packages/contracts": [],
  "packages/resilience": [],
  "packages/store": ["contracts"],
  "packages/jobs": ["contracts", "store"],
  "packages/trust": ["contracts", "store"],
  "packages/detection": ["contracts", "store"],
  "packages/repair": ["contracts", "store"],
  "packages/testkit": ["contracts"],
  "apps/console": ["contracts"],
  "apps/agent": ["contracts", "trust", "detection", "repair", "store", "jobs", "resilience"],
  "apps/admin": ["contracts", "trust", "detection", "repair", "store", "jobs", "resilience"],
  "apps/analysis": ["contracts", "trust", "detection", "repair", "store", "jobs", "resilience"],
  "apps/cli": [
    ...["contracts", "trust", "detection", "repair", "store", "jobs", "resilience"],
    ...["admin", "agent", "analysis", "console"],
  ],
};

/** Outside code that only some may use, since a second copy of it would be a second way to get it wrong. */
export const onlyIn: Readonly<Record<string, readonly string[]>> = {
  "tuf-js": ["packages/trust"],
  "@tufjs/models": ["packages/trust"],
  "age-encryption": ["packages/trust"],
  "@hpke/core": ["packages/trust"],
  "@virustotal/yara-x": ["packages/detection"],
  "@litko/yara-x-linux-x64-gnu": ["packages/detection"],
  "node:sqlite": ["packages/store"],
  fastify: ["apps/admin"],
  commander: ["apps/cli"],
};

/** `@thymus/testkit` is for tests; beside them the command line releases its drill pathogens on purpose. */
export const mayUseTestkit: readonly { files: RegExp; specifier?: string }[] = [
  { files: /\.test\.ts$/ },
  { files: /\/testing\// },
  { files: /^(tests|bench)\// },
  { files: /^apps\/cli\/src\//, specifier: "@thymus/testkit/drills" },
  { files: /^apps\/cli\/src\/drill\//, specifier: "@thymus/testkit/live-drill" },
];

/**
 * Law 4, hostile bytes never meet keys: nothing that these entry points can reach, however far, may be one of `never`.
 */
const keysAndNetwork = [
  ...["@thymus/trust", "node:net", "node:http", "node:https", "node:http2"],
  ...["node:tls", "node:dgram", "node:dns", "fastify"],
];
export const neverReaches: readonly { entry: string; never: readonly string[] }[] = [
  { entry: "apps/analysis/src/worker/main.ts", never: keysAndNetwork },
  { entry: "apps/analysis/src/intake/triage/main.ts", never: keysAndNetwork },
];

/** Most lines that a source file may have. */
export const MAX_LINES = 400;
/** Files that may be longer, each with the reason. */
export const longFiles: Readonly<Record<string, string>> = {};
