/** `npm publish`: a document with the new version and its tarball in base64. */
import { json, type Request } from "./http.ts";
import { type RegistryAnswer, tarballName } from "./npm.ts";
import { latest, type Registry, tokenOf } from "./registry.ts";

const NAME = /^(@[a-z0-9~._-]{1,100}\/)?[A-Za-z0-9~._-]{1,150}$/;
const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}([-+][0-9A-Za-z.+-]{1,100})?$/;

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Version and tarball of a publish document, or null where it is none. */
export function readPublish(body: Buffer): { version: string; content: Buffer } | null {
  let document: Record<string, unknown>;
  try {
    document = record(JSON.parse(body.toString("utf8")));
  } catch {
    return null;
  }
  const attachment = record(Object.values(record(document._attachments))[0]);
  const tags = Object.values(record(document["dist-tags"]));
  const version = Object.keys(record(document.versions))[0] ?? tags[0];
  if (typeof version !== "string" || !VERSION.test(version) || typeof attachment.data !== "string")
    return null;
  return { version, content: Buffer.from(attachment.data, "base64") };
}

export function npmPublish(registry: Registry, request: Request, name: string): RegistryAnswer {
  const token = tokenOf(request.headers.get("authorization"));
  const account = registry.account("npm", token);
  const published = request.cut || !NAME.test(name) ? null : readPublish(request.body);
  const listed = registry.find("npm", name);
  if (!published) {
    // Tags, deprecations and the like come as documents without a tarball.
    const status = account === null ? 401 : request.cut ? 413 : 400;
    return {
      response: json(status, { error: status === 401 ? "Unauthorized" : "Bad Request" }),
      note: null,
      publication: null,
    };
  }
  const { version, content } = published;
  const refusal =
    account === null
      ? { status: 401, error: "Unauthorized" }
      : listed && !listed.owners.includes(account)
        ? {
            status: 403,
            error: `You do not have permission to publish "${name}". Are you logged in as the correct user?`,
          }
        : listed?.offers.some((offer) => offer.version === version)
          ? { status: 403, error: `You cannot publish over the previously published versions: ${version}.` }
          : null;
  const before = listed ? latest(listed).version : null;
  if (!refusal) {
    const fileName = tarballName(name, version);
    registry.add({ ecosystem: "npm", name, version, owners: [account!], fileName, read: () => content });
  }
  return {
    response: refusal
      ? json(refusal.status, { error: refusal.error })
      : json(201, { ok: true, success: true }),
    note: `publish ${version}${refusal ? " refused" : ""}`,
    publication: { ecosystem: "npm", name, version, token, accepted: refusal === null, before, content },
  };
}
