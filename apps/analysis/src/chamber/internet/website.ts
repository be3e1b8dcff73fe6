/** What an ordinary host of the internet answers: something harmless that looks like what was asked for. */
import { gzipSync } from "node:zlib";
import { writeTar } from "../run/tar.ts";
import { json, type Request, type Response, splitTarget } from "./http.ts";

/** Where this machine is said to be seen from. */
export const PUBLIC_ADDRESS = "84.115.38.207";

const readme = { path: "package/README.md", mode: 0o644, uid: 0, content: Buffer.from("# Readme\n") };
const tarball = gzipSync(Buffer.concat([...writeTar([readme])]));
/** An empty archive: its end record alone (APPNOTE 4.3.16). */
const zip = Buffer.concat([Buffer.from("PK\x05\x06", "latin1"), Buffer.alloc(18)]);
const script = '#!/bin/sh\n# setup\necho "done"\nexit 0\n';

/** A program for x86-64 that ends with status 0: header, one segment, `mov eax, 60; xor edi, edi; syscall`. */
const program = (() => {
  const code = Buffer.from("b83c00000031ff0f05", "hex");
  const bytes = Buffer.alloc(120 + code.length);
  Buffer.from("7f454c4602010100", "hex").copy(bytes);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(0x400078n, 24);
  bytes.writeBigUInt64LE(64n, 32);
  [64, 56, 1].forEach((value, index) => void bytes.writeUInt16LE(value, 52 + index * 2));
  bytes.writeUInt32LE(1, 64);
  bytes.writeUInt32LE(5, 68);
  bytes.writeBigUInt64LE(0x400000n, 80);
  bytes.writeBigUInt64LE(0x400000n, 88);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 96);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 104);
  bytes.writeBigUInt64LE(0x1000n, 112);
  code.copy(bytes, 120);
  return bytes;
})();

const binary = "application/octet-stream";
/** One line an ending of a path: what type it is and what is in it. */
const byEnding: readonly [RegExp, string, Buffer | string][] = [
  [/\.(sh|bash)$/, "text/x-shellscript", script],
  [/\.json$/, "application/json", "{}"],
  [/\.(tar\.gz|tgz|gz)$/, "application/gzip", tarball],
  [/\.(zip|jar|whl)$/, "application/zip", zip],
  [/\.(bin|elf|run|out|x86|x64|x86_64|amd64)$/, binary, program],
  [/\.(m?js|cjs)$/, "text/javascript", "// nothing to do\n"],
  [/\.py$/, "text/x-python", "# nothing to do\n"],
  [/\.(pl|php|rb|ps1|bat)$/, "text/plain", "\n"],
  [/\.(txt|md|log|csv|list|conf|ini)$/, "text/plain", "ok\n"],
  [/\.(xml|rss)$/, "application/xml", '<?xml version="1.0"?><root/>\n'],
  [/\.(exe|dll|msi|dmg|iso|img|dat|so|deb|rpm)$/, binary, Buffer.alloc(4096)],
];

/** Hosts that tell whoever asks from where he asks. */
const echoes =
  /^(api6?\.ipify\.org|api64\.ipify\.org|(.*\.)?ifconfig\.(me|co|io)|(ipv4\.)?icanhazip\.com|(ip\.)?ipinfo\.io|checkip\.(amazonaws\.com|dyndns\.org)|(api\.)?ip-api\.com|(v4\.)?ident\.me|ipecho\.net|(api\.)?my-?ip\.(com|io)|wtfismyip\.com|api\.ip\.sb|ip\.sb)$/;

function echo(host: string, request: Request): Response {
  const { path, query } = splitTarget(request.target);
  const place = {
    country: "AT",
    city: "Vienna",
    timezone: "Europe/Vienna",
    org: "AS8412 T-Mobile Austria GmbH",
  };
  if (host.includes("ip-api"))
    return json(200, {
      status: "success",
      query: PUBLIC_ADDRESS,
      countryCode: "AT",
      country: "Austria",
      city: place.city,
    });
  if (
    /json/.test(`${path} ${query.get("format")} ${request.headers.get("accept")}`) ||
    (host === "ipinfo.io" && path === "/")
  )
    return json(200, { ip: PUBLIC_ADDRESS, ...place });
  return { status: 200, headers: { "content-type": "text/plain" }, body: `${PUBLIC_ADDRESS}\n` };
}

const page = (host: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${host}</title></head>
<body><h1>${host}</h1><p>Welcome.</p></body></html>
`;

/** An answer to any request that no other part of the internet knows better. `host` is plain (see hostOf). */
export function answerWebsite(host: string, request: Request): Response {
  const { method } = request;
  if (method === "OPTIONS")
    return { status: 204, headers: { allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS" } };
  if (method !== "GET" && method !== "HEAD") return json(200, { ok: true });
  if (echoes.test(host)) return echo(host, request);
  const { path } = splitTarget(request.target);
  for (const [ending, type, body] of byEnding)
    if (ending.test(path.toLowerCase())) return { status: 200, headers: { "content-type": type }, body };
  if (/\bjson\b/.test(request.headers.get("accept") ?? "") || host.startsWith("api.")) return json(200, {});
  return { status: 200, body: page(host) };
}
