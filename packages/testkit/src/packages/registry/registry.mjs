// A small registry on the loopback address of a sandbox without network: runs one program among the given packages and
// keeps what it published. Usage: node registry.mjs FOLDER PROGRAM
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const [folder, ...program] = process.argv.slice(2);
const { account, token, packages } = JSON.parse(readFileSync(join(folder, "list.json"), "utf8"));
const published = [];

const manifests = () => new Map(packages.map((each) => [each.name, each]));
const base = (request) => `http://${request.headers.host}`;

function answer(request, body) {
  const path = decodeURIComponent(request.url.slice(1));
  const known = request.headers.authorization === `Bearer ${token}`;
  if (path === "-/whoami") return known ? { username: account } : null;
  if (path === `-/user/${account}/package`)
    return Object.fromEntries(
      [...manifests().values()].map(({ name, owner }) => [name, owner ? "write" : "read"]),
    );
  const file = /^(.+)\/-\/[^/]+\.tgz$/.exec(path);
  if (file) return readFileSync(join(folder, manifests().get(file[1]).file));
  const each = manifests().get(path);
  if (!each) return null;
  if (request.method === "PUT") {
    if (!known || !each.owner) return null;
    const document = JSON.parse(body.toString("utf8"));
    const version = document["dist-tags"].latest;
    const name = `published-${published.length}`;
    writeFileSync(join(folder, name), Buffer.from(Object.values(document._attachments)[0].data, "base64"));
    published.push({ name: each.name, version, file: name });
    return { ok: true };
  }
  const tarball = `${base(request)}/${each.name}/-/x-${each.version}.tgz`;
  return {
    name: each.name,
    "dist-tags": { latest: each.version },
    versions: { [each.version]: { name: each.name, version: each.version, dist: { tarball } } },
  };
}

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const found = answer(request, Buffer.concat(parts));
    response.statusCode = found === null ? 404 : 200;
    response.end(Buffer.isBuffer(found) ? found : JSON.stringify(found ?? {}));
  });
});
server.listen(0, "127.0.0.1", () => {
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${server.address().port}/` };
  const child = spawn(process.execPath, program, { env, stdio: "inherit" });
  child.once("close", (status) => {
    writeFileSync(join(folder, "published.json"), JSON.stringify(published));
    server.close();
    process.exitCode = status ?? 1;
  });
});
