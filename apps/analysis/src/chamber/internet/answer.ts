/** Which part of the fake internet answers a request. */
import { hostOf, json, type Request, type Response, splitTarget } from "./http.ts";
import { answerMetadata, METADATA_HOSTS } from "./metadata.ts";
import { answerNpm, isNpm, type RegistryAnswer } from "./npm.ts";
import { answerPypi, isPypi } from "./pypi.ts";
import { type Registry, tokenOf } from "./registry.ts";
import { answerWebsite } from "./website.ts";

export interface HttpAnswer {
  readonly response: Response;
  /** In one line, e.g. `PUT /left-pad (publish 1.3.1, token npm_x)`. */
  readonly what: string;
  readonly publication: RegistryAnswer["publication"];
}

/** `address` is where the request went; `now` in milliseconds since 1970. */
export async function answerHttp(
  registry: Registry,
  request: Request,
  address: string,
  now: number,
): Promise<HttpAnswer> {
  const host = hostOf(request);
  const { response, note, publication } = await choose(registry, request, host ?? address, now);
  const token = tokenOf(request.headers.get("authorization")) ?? keyOf(request);
  const notes = [note, token && `token ${token.slice(0, 200)}`].filter(Boolean);
  const what = `${request.method} ${request.target.slice(0, 700)}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
  return { response, what, publication };
}

async function choose(
  registry: Registry,
  request: Request,
  host: string,
  now: number,
): Promise<RegistryAnswer> {
  const simple = (response: Response): RegistryAnswer => ({ response, note: null, publication: null });
  if (METADATA_HOSTS.includes(host)) return simple(answerMetadata(request, now));
  if (isNpm(host, request)) return answerNpm(registry, request);
  if (isPypi(host, request)) return answerPypi(registry, request);
  if (host === "api.npmjs.org") {
    const name = splitTarget(request.target).path.replace(/^\/downloads\/[a-z]+\/[^/]+\//, "");
    return simple(json(200, { downloads: registry.find("npm", name) ? 48_211 : 0, package: name }));
  }
  return simple(answerWebsite(host, request));
}

/** Secrets that go by headers of their own. */
function keyOf(request: Request): string | null {
  for (const name of ["x-api-key", "private-token", "x-github-token", "x-vault-token"]) {
    const value = request.headers.get(name);
    if (value) return value;
  }
  return null;
}
