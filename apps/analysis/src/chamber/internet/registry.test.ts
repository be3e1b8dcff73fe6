import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { writeTar } from "../run/tar.ts";
import { HttpReader, type Request } from "./http.ts";
import { readForm } from "./multipart.ts";
import { answerNpm, isNpm, packagePath } from "./npm.ts";
import { readPublish } from "./npm-publish.ts";
import { answerPypi } from "./pypi.ts";
import { Registry } from "./registry.ts";

const manifest = {
  name: "@sam/pad",
  version: "1.0.0",
  scripts: { postinstall: "true" },
  dependencies: { x: "^1" },
};
const tarball = gzipSync(
  Buffer.concat([
    ...writeTar([
      { path: "package/package.json", mode: 0o644, uid: 0, content: Buffer.from(JSON.stringify(manifest)) },
    ]),
  ]),
);
const offer = (ecosystem: "npm" | "pypi", name: string, fileName: string, content: Buffer) => ({
  ...{ ecosystem, name, version: "1.0.0", owners: ["sam"], fileName, read: () => content },
});
const registry = () =>
  new Registry(
    [
      offer("npm", "@sam/pad", "pad-1.0.0.tgz", tarball),
      offer("npm", "other", "other-1.0.0.tgz", Buffer.from("no gzip")),
      offer("pypi", "My_Thing", "my_thing-1.0.0.tar.gz", tarball),
    ],
    {
      npm_good: { ecosystem: "npm", account: "sam" },
      npm_else: { ecosystem: "npm", account: "eve" },
      "pypi-good": { ecosystem: "pypi", account: "sam" },
    },
  );

function request(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body = Buffer.alloc(0),
): Request {
  const lines = Object.entries({ ...headers, "content-length": String(body.length) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const [event] = new HttpReader().push(
    Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`), body]),
  );
  assert.ok(event?.kind === "request");
  return event.request;
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const npm = async (shop: Registry, ...words: Parameters<typeof request>) => {
  const { response, ...rest } = await answerNpm(shop, request(...words));
  return { ...rest, status: response.status, body: Buffer.from(response.body ?? "") };
};
const document = (version: string, content: Buffer) =>
  Buffer.from(
    JSON.stringify({
      _id: "@sam/pad",
      "dist-tags": { latest: version },
      versions: { [version]: { ...manifest, version } },
      _attachments: { "x.tgz": { data: content.toString("base64"), length: content.length } },
    }),
  );

test("a package document is what the tarball says, with checksums that hold", async () => {
  for (const path of ["/@sam%2fpad", "/@sam/pad"]) {
    const { body } = await npm(registry(), "GET", path);
    const found = JSON.parse(body.toString());
    const { dist, ...version } = found.versions["1.0.0"];
    assert.equal(found["dist-tags"].latest, "1.0.0");
    assert.deepEqual([version.dependencies, version.hasInstallScript], [{ x: "^1" }, true]);
    assert.equal(dist.integrity, `sha512-${createHash("sha512").update(tarball).digest("base64")}`);
    assert.equal(dist.tarball, "https://registry.npmjs.org/@sam/pad/-/pad-1.0.0.tgz");
  }
  assert.deepEqual((await npm(registry(), "GET", "/@sam/pad/-/pad-1.0.0.tgz")).body, tarball);
  assert.equal((await npm(registry(), "GET", "/nobody-has-this")).status, 404);
  assert.equal((await npm(registry(), "GET", "/other")).status, 200, "a broken tarball has a document too");
});

test("who am I, what is mine, what is there: for the token's account only", async () => {
  assert.equal((await npm(registry(), "GET", "/-/whoami")).status, 401);
  assert.equal((await npm(registry(), "GET", "/-/whoami", bearer("npm_bad"))).status, 401);
  assert.equal(
    (await npm(registry(), "GET", "/-/whoami", bearer("pypi-good"))).status,
    401,
    "of another registry",
  );
  assert.equal(
    (await npm(registry(), "GET", "/-/whoami", bearer("npm_good"))).body.toString(),
    '{"username":"sam"}',
  );
  const mine = await npm(registry(), "GET", "/-/user/sam/package", bearer("npm_good"));
  assert.deepEqual(JSON.parse(mine.body.toString()), { "@sam/pad": "write", other: "write" });
  const found = await npm(registry(), "GET", "/-/v1/search?text=maintainer:sam&size=1");
  assert.equal(JSON.parse(found.body.toString()).objects[0].package.name, "@sam/pad");
});

test("a publish counts for an owner, once, and is visible then; all others are refused and kept as well", async () => {
  const shop = registry();
  const next = gzipSync(Buffer.from("next"));
  const publish = (token: string | null) =>
    npm(shop, "PUT", "/@sam%2fpad", token === null ? {} : bearer(token), document("1.0.1", next));
  for (const [token, status, accepted] of [
    [null, 401, false],
    ["npm_bad", 401, false],
    ["npm_else", 403, false],
    ["npm_good", 201, true],
    ["npm_good", 403, false],
  ] as const) {
    const { status: got, publication, note } = await publish(token);
    assert.deepEqual([got, publication?.accepted, publication?.token], [status, accepted, token]);
    assert.deepEqual(
      [publication?.name, publication?.version, publication?.content],
      ["@sam/pad", "1.0.1", next],
    );
    assert.equal(note, accepted ? "publish 1.0.1" : "publish 1.0.1 refused");
  }
  const { body } = await npm(shop, "GET", "/@sam%2fpad");
  assert.equal(JSON.parse(body.toString())["dist-tags"].latest, "1.0.1");
  assert.deepEqual((await npm(shop, "GET", "/@sam/pad/-/pad-1.0.1.tgz")).body, next);
  const fresh = await npm(shop, "PUT", "/brand-new", bearer("npm_else"), document("0.1.0", next));
  assert.deepEqual([fresh.status, fresh.publication?.before], [201, null]);
});

test("the Python index lists by any spelling, in both forms, and its links lead to the file", () => {
  const shop = registry();
  const get = (target: string, accept = "") => answerPypi(shop, request("GET", target, { accept })).response;
  const page = get("/simple/my-thing/").body!.toString();
  const link = /href="https:\/\/files\.pythonhosted\.org([^"#]+)#sha256=([0-9a-f]{64})"/.exec(page)!;
  assert.equal(link[2], createHash("sha256").update(tarball).digest("hex"));
  assert.deepEqual(get(link[1]!).body, tarball);
  const listed = JSON.parse(get("/simple/My.Thing/", "application/vnd.pypi.simple.v1+json").body!.toString());
  assert.equal(listed.files[0].filename, "my_thing-1.0.0.tar.gz");
  assert.equal(get("/simple/nothing/").status, 404);
});

test("an upload with the account's token is taken, with another refused", () => {
  const shop = registry();
  const field = (name: string, value: string) =>
    `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file =
    '--B\r\nContent-Disposition: form-data; name="content"; filename="my_thing-1.1.tar.gz"\r\n\r\nBYTES\r\n--B--\r\n';
  const body = Buffer.from(
    field(":action", "file_upload") + field("name", "my-thing") + field("version", "1.1") + file,
  );
  const upload = (secret: string) => {
    const authorization = `Basic ${Buffer.from(`__token__:${secret}`).toString("base64")}`;
    return answerPypi(
      shop,
      request("POST", "/legacy/", { authorization, "content-type": "multipart/form-data; boundary=B" }, body),
    );
  };
  const refused = upload("pypi-bad");
  assert.deepEqual(
    [refused.response.status, refused.publication?.accepted, refused.publication?.token],
    [403, false, "pypi-bad"],
  );
  const taken = upload("pypi-good");
  assert.deepEqual(
    [taken.response.status, taken.publication?.content.toString(), taken.publication?.before],
    [200, "BYTES", "1.0.0"],
  );
});

test("no bytes break what reads documents and forms", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.webPath(), async (bytes, path) => {
      const body = Buffer.from(bytes);
      readPublish(body);
      readForm(
        "multipart/form-data; boundary=x",
        Buffer.concat([Buffer.from("--x\r\n"), body, Buffer.from("\r\n--x")]),
      );
      packagePath(path);
      for (const target of [path || "/", `/-${path}`, `/simple${path}`]) {
        const asked = request("GET", target.replace(/\s/g, ""));
        isNpm(null, asked);
        await answerNpm(registry(), asked);
        answerPypi(registry(), asked);
      }
    }),
    { numRuns: 25 },
  );
});
