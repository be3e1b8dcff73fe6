/** The npm registry, as its clients speak to it. */
import { json, type Request, type Response, splitTarget } from "./http.ts";
import { readManifest } from "./npm-manifest.ts";
import { npmPublish } from "./npm-publish.ts";
import type { Publication } from "./record.ts";
import { type Listed, latest, type Offer, type Registry, tokenOf } from "./registry.ts";

export const NPM_HOST = "registry.npmjs.org";
const hosts: readonly string[] = [
  NPM_HOST,
  "registry.yarnpkg.com",
  "registry.npmmirror.com",
  "npm.pkg.github.com",
];

export interface RegistryAnswer {
  readonly response: Response;
  /** Behind method and path in the record, e.g. `publish 1.3.1`. */
  readonly note: string | null;
  readonly publication: Omit<Publication, "at"> | null;
}

/** Whether this request is for an npm registry, on whatever host. */
export function isNpm(host: string | null, request: Request): boolean {
  if (host !== null && hosts.includes(host)) return true;
  const { headers, target } = request;
  return (
    headers.has("npm-command") ||
    /^npm\//.test(headers.get("user-agent") ?? "") ||
    /vnd\.npm\.install/.test(headers.get("accept") ?? "") ||
    /^\/-\/(whoami|v1\/search|npm\/v1|user\/|package\/|org\/|ping)/.test(target) ||
    (request.method === "PUT" && request.body.includes('"_attachments"'))
  );
}

const answer = (response: Response, note: string | null = null): RegistryAnswer => ({
  response,
  note,
  publication: null,
});
const missing = answer(json(404, { error: "Not found" }));
const unauthorized = answer({
  ...json(401, { error: "Unauthorized" }),
  headers: { "content-type": "application/json", "www-authenticate": "Basic, Bearer" },
});

/** Name and what follows it in a path: `/left-pad/1.3.0`, `/@scope%2fname`, `/@scope/name/-/name-1.0.0.tgz`. */
export function packagePath(path: string): { name: string; rest: string[] } | null {
  let parts: string[];
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
  const [first = "", second] = parts;
  if (first.startsWith("@") && !first.includes("/"))
    return second === undefined ? null : { name: `${first}/${second}`, rest: parts.slice(2) };
  return first === "" ? null : { name: first, rest: parts.slice(1) };
}

const versions = async (registry: Registry, listed: Listed) => {
  const all: Record<string, unknown> = {};
  for (const offer of listed.offers) all[offer.version] = await versionDocument(registry, listed, offer);
  return all;
};

async function versionDocument(registry: Registry, listed: Listed, offer: Offer): Promise<object> {
  const manifest = await readManifest(offer.read());
  const { sha1, integrity, size } = registry.facts(offer);
  const scripts = (manifest.scripts ?? {}) as Record<string, unknown>;
  const tarball = `https://${NPM_HOST}/${listed.name}/-/${offer.fileName}`;
  return {
    ...manifest,
    name: listed.name,
    version: offer.version,
    _id: `${listed.name}@${offer.version}`,
    ...(["preinstall", "install", "postinstall"].some((one) => one in scripts)
      ? { hasInstallScript: true }
      : {}),
    dist: { shasum: sha1, integrity, tarball, unpackedSize: size },
    maintainers: people(listed),
    _npmUser: people(listed)[0],
  };
}

const people = (listed: Listed) =>
  listed.owners.map((name) => ({ name, email: `${name}@users.noreply.example.org` }));

async function packument(registry: Registry, listed: Listed): Promise<Response> {
  const times = listed.offers.map(({ version }, index) => [
    version,
    new Date(Date.UTC(2024, index % 12, 3, 10)).toISOString(),
  ]);
  return json(200, {
    _id: listed.name,
    name: listed.name,
    "dist-tags": { latest: latest(listed).version },
    versions: await versions(registry, listed),
    time: Object.fromEntries([["created", times[0]?.[1]], ...times, ["modified", times.at(-1)?.[1]]]),
    maintainers: people(listed),
    readme: "",
  });
}

function search(registry: Registry, query: URLSearchParams): Response {
  const words = (query.get("text") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (listed: Listed, word: string) => {
    const person = /^(?:maintainer|author):(.+)$/.exec(word)?.[1];
    return person
      ? listed.owners.some((owner) => owner.toLowerCase() === person)
      : listed.name.toLowerCase().includes(word);
  };
  const size = Math.min(250, Math.max(0, Number(query.get("size") ?? 20) || 0));
  const found = registry.all("npm").filter((listed) => words.every((word) => matches(listed, word)));
  const objects = found.slice(0, size).map((listed) => {
    const maintainers = listed.owners.map((username) => ({
      username,
      email: `${username}@users.noreply.example.org`,
    }));
    const about = {
      name: listed.name,
      version: latest(listed).version,
      maintainers,
      publisher: maintainers[0],
    };
    return {
      package: about,
      score: { final: 0.5, detail: { quality: 0.5, popularity: 0.5, maintenance: 0.5 } },
      searchScore: 1,
    };
  });
  return json(200, { objects, total: found.length, time: new Date(0).toISOString() });
}

const writable = (registry: Registry, account: string) =>
  Object.fromEntries(
    registry
      .all("npm")
      .filter(({ owners }) => owners.includes(account))
      .map(({ name }) => [name, "write"]),
  );

/** Everything below `/-/`. */
function service(
  registry: Registry,
  request: Request,
  parts: string[],
  query: URLSearchParams,
): RegistryAnswer {
  const token = tokenOf(request.headers.get("authorization"));
  const account = registry.account("npm", token);
  const path = parts.join("/");
  if (path === "ping") return answer(json(200, {}));
  if (path === "v1/search") return answer(search(registry, query));
  if (path.startsWith("npm/v1/security/"))
    return answer(
      json(200, path.includes("bulk") ? {} : { actions: [], advisories: {}, muted: [], metadata: {} }),
    );
  if (path === "npm/v1/keys") return answer(json(200, { keys: [] }));
  if (parts[0] === "package" && parts[2] === "dist-tags" && request.method === "GET") {
    const listed = registry.find("npm", parts[1]!);
    return listed ? answer(json(200, { latest: latest(listed).version })) : missing;
  }
  if (path.startsWith("user/org.couchdb.user:") || path.startsWith("v1/login")) return unauthorized;
  if (account === null) return unauthorized;
  if (path === "whoami") return answer(json(200, { username: account }));
  if (path === "npm/v1/user")
    return answer(json(200, { name: account, email: `${account}@users.noreply.example.org`, tfa: null }));
  if (path === "npm/v1/tokens" && request.method === "GET")
    return answer(json(200, tokenList(registry, account)));
  if (parts[0] === "user" && parts[2] === "package") return answer(json(200, writable(registry, parts[1]!)));
  if (parts[0] === "org")
    return answer(json(200, parts[2] === "package" ? writable(registry, parts[1]!) : { [account]: "owner" }));
  if (parts[0] === "package") return aboutPackage(registry, request, account, parts);
  return missing;
}

function tokenList(registry: Registry, account: string): object {
  const objects = registry.tokensOf(account).map((token, index) => ({
    token: `${token.slice(0, 6)}`,
    key: String(index).padStart(64, "0"),
    cidr_whitelist: null,
    readonly: false,
    automation: false,
    created: "2024-05-06T08:00:00.000Z",
    updated: "2024-05-06T08:00:00.000Z",
  }));
  return { objects, total: objects.length, urls: {} };
}

function aboutPackage(
  registry: Registry,
  request: Request,
  account: string,
  parts: string[],
): RegistryAnswer {
  const listed = registry.find("npm", parts[1] ?? "");
  if (!listed) return missing;
  if (request.method !== "GET")
    return answer(json(listed.owners.includes(account) ? 201 : 403, { ok: true }));
  if (parts[2] === "collaborators")
    return answer(json(200, Object.fromEntries(listed.owners.map((owner) => [owner, "write"]))));
  return answer(json(200, { public: true }));
}

export async function answerNpm(registry: Registry, request: Request): Promise<RegistryAnswer> {
  const { path, query } = splitTarget(request.target);
  if (path === "/") return answer(json(200, { db_name: "registry" }));
  if (path.startsWith("/-/")) {
    let parts: string[];
    try {
      parts = path.slice(3).split("/").filter(Boolean).map(decodeURIComponent);
    } catch {
      return missing;
    }
    // A scope that was not escaped: two parts of the path, one name.
    if (parts[0] === "package" && parts[1]?.startsWith("@") && !parts[1].includes("/"))
      parts.splice(1, 2, `${parts[1]}/${parts[2] ?? ""}`);
    return service(registry, request, parts, query);
  }
  const target = packagePath(path);
  if (!target) return missing;
  if (request.method === "PUT" && target.rest.length === 0) return npmPublish(registry, request, target.name);
  if (request.method !== "GET" && request.method !== "HEAD") {
    const account = registry.account("npm", tokenOf(request.headers.get("authorization")));
    return account === null ? unauthorized : answer(json(403, { error: "Forbidden" }));
  }
  const listed = registry.find("npm", target.name);
  if (!listed) return missing;
  const [first, file] = target.rest;
  if (first === undefined) return answer(await packument(registry, listed));
  if (first === "-") {
    const offer = listed.offers.find(
      (one) => one.fileName === file || tarballName(listed.name, one.version) === file,
    );
    return offer
      ? answer({ status: 200, headers: { "content-type": "application/octet-stream" }, body: offer.read() })
      : missing;
  }
  const offer = first === "latest" ? latest(listed) : listed.offers.find(({ version }) => version === first);
  return offer ? answer(json(200, await versionDocument(registry, listed, offer))) : missing;
}

export const tarballName = (name: string, version: string) =>
  `${name.replace(/^@[^/]*\//, "")}-${version}.tgz`;
