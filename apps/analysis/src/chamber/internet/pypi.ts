/** The Python package index: simple index (PEP 503, PEP 691), its JSON, downloads, and uploads of old. */
import { json, type Request, type Response, splitTarget } from "./http.ts";
import { readForm } from "./multipart.ts";
import type { RegistryAnswer } from "./npm.ts";
import { type Listed, latest, type Offer, type Registry, tokenOf } from "./registry.ts";

const hosts: readonly string[] = [
  ...[
    "pypi.org",
    "www.pypi.org",
    "pypi.python.org",
    "test.pypi.org",
    "upload.pypi.org",
    "test-files.pythonhosted.org",
  ],
  ...["files.pythonhosted.org", "pypi.io"],
];
const FILES = "https://files.pythonhosted.org";
const SIMPLE_JSON = "application/vnd.pypi.simple.v1+json";

/** Whether this request is for a Python package index, on whatever host. */
export function isPypi(host: string | null, request: Request): boolean {
  if (host !== null && hosts.includes(host)) return true;
  return (
    /^\/(simple\/|pypi\/[^/]+\/json|legacy\/?$)/.test(request.target) ||
    /^pip\//.test(request.headers.get("user-agent") ?? "")
  );
}

const answer = (response: Response, note: string | null = null): RegistryAnswer => ({
  response,
  note,
  publication: null,
});
const missing = answer({ status: 404, headers: { "content-type": "text/plain" }, body: "404 Not Found" });
const html = (body: string): Response => ({ status: 200, headers: { "content-type": "text/html" }, body });
const plain = (text: string) => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function fileAddress(registry: Registry, offer: Offer): string {
  const { sha256 } = registry.facts(offer);
  return `${FILES}/packages/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256.slice(4)}/${encodeURIComponent(offer.fileName)}`;
}

function simplePage(registry: Registry, listed: Listed, accept: string): Response {
  const files = listed.offers.map((offer) => ({
    offer,
    url: fileAddress(registry, offer),
    facts: registry.facts(offer),
  }));
  if (accept.includes("simple.v1+json"))
    return {
      status: 200,
      headers: { "content-type": SIMPLE_JSON },
      body: JSON.stringify({
        meta: { "api-version": "1.0" },
        name: listed.name,
        files: files.map(({ offer, url, facts }) => ({
          filename: offer.fileName,
          url,
          hashes: { sha256: facts.sha256 },
        })),
      }),
    };
  const links = files.map(
    ({ offer, url, facts }) => `<a href="${url}#sha256=${facts.sha256}">${plain(offer.fileName)}</a><br>`,
  );
  return html(
    `<!DOCTYPE html>\n<html><body><h1>Links for ${plain(listed.name)}</h1>\n${links.join("\n")}\n</body></html>\n`,
  );
}

function aboutProject(registry: Registry, listed: Listed, offer: Offer): Response {
  const about = (one: Offer) => {
    const { sha256, size } = registry.facts(one);
    const packagetype = one.fileName.endsWith(".whl") ? "bdist_wheel" : "sdist";
    return {
      filename: one.fileName,
      url: fileAddress(registry, one),
      digests: { sha256 },
      size,
      packagetype,
    };
  };
  const releases: Record<string, object[]> = {};
  for (const one of listed.offers) {
    releases[one.version] ??= [];
    releases[one.version]!.push(about(one));
  }
  const info = {
    name: listed.name,
    version: offer.version,
    author: listed.owners[0] ?? "",
    requires_dist: null,
    summary: "",
  };
  return json(200, { info, releases, urls: releases[offer.version] ?? [] });
}

function upload(registry: Registry, request: Request): RegistryAnswer {
  const token = tokenOf(request.headers.get("authorization"));
  const account = registry.account("pypi", token);
  const fields = readForm(request.headers.get("content-type") ?? "", request.body);
  const field = (name: string) =>
    fields
      .find((one) => one.name === name)
      ?.content.toString("utf8")
      .slice(0, 200) ?? "";
  const file = fields.find((one) => one.fileName !== null);
  const [name, version] = [field("name"), field("version")];
  const usable =
    !request.cut &&
    file &&
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(name) &&
    /^[0-9A-Za-z.!+_-]{1,100}$/.test(version);
  if (!usable)
    return answer(
      account === null ? forbidden("Invalid or non-existent authentication information.") : { status: 400 },
    );
  const listed = registry.find("pypi", name);
  const fileName = file.fileName!.replace(/^.*[/\\]/, "").slice(0, 200);
  const refusal =
    account === null
      ? forbidden("Invalid or non-existent authentication information.")
      : listed && !listed.owners.includes(account)
        ? forbidden(`The user '${account}' isn't allowed to upload to project '${name}'.`)
        : listed?.offers.some((offer) => offer.fileName === fileName)
          ? { status: 400, body: "File already exists." }
          : null;
  const content = Buffer.from(file.content);
  const before = listed ? latest(listed).version : null;
  if (!refusal)
    registry.add({ ecosystem: "pypi", name, version, owners: [account!], fileName, read: () => content });
  return {
    response: refusal ?? html(""),
    note: `upload ${name} ${version}${refusal ? " refused" : ""}`,
    publication: {
      ...{ ecosystem: "pypi", name, version, token, content },
      accepted: refusal === null,
      before,
    },
  };
}

const forbidden = (why: string): Response => ({
  status: 403,
  headers: { "content-type": "text/plain" },
  body: `403 ${why}`,
});

export function answerPypi(registry: Registry, request: Request): RegistryAnswer {
  const { path } = splitTarget(request.target);
  let parts: string[];
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return missing;
  }
  if (request.method === "POST" && (parts[0] === "legacy" || parts.length === 0 || parts[0] === "pypi"))
    return upload(registry, request);
  const [first, name = "", third] = parts;
  if (first === "simple" && name === "")
    return answer(
      html(
        registry
          .all("pypi")
          .map((one) => `<a href="/simple/${plain(one.name)}/">${plain(one.name)}</a>`)
          .join("\n"),
      ),
    );
  if (first === "packages") {
    const wanted = parts.at(-1);
    const offers = registry.all("pypi").flatMap((listed) => listed.offers);
    const offer = offers.find(
      (one) =>
        one.fileName === wanted && path.startsWith(new URL(fileAddress(registry, one)).pathname.slice(0, 15)),
    );
    return offer
      ? answer({ status: 200, headers: { "content-type": "application/octet-stream" }, body: offer.read() })
      : missing;
  }
  const listed = registry.find("pypi", name);
  if (!listed) return missing;
  if (first === "simple") return answer(simplePage(registry, listed, request.headers.get("accept") ?? ""));
  if (first === "pypi" && third === "json") return answer(aboutProject(registry, listed, latest(listed)));
  const offer = listed.offers.find(({ version }) => version === third);
  if (first === "pypi" && offer && parts[3] === "json") return answer(aboutProject(registry, listed, offer));
  return first === "project" ? answer(html(`<h1>${plain(listed.name)}</h1>`)) : missing;
}
