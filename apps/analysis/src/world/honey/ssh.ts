import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { join, own, type Part, plain, secret } from "../part.ts";

const TYPE = "ssh-ed25519";
/** RFC 8410: what stands before the 32 bytes of a private key in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const LINE = 70;

const text = (value: string | Buffer) => {
  const content = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

export interface SshKey {
  /** File in the format of OpenSSH, without a passphrase. */
  readonly file: string;
  /** The line for authorized_keys. */
  readonly publicLine: string;
  /** Parts of the file's lines that hold nothing but the secret. */
  readonly needles: readonly string[];
}

const publicKeyOf = (seed: Buffer): Buffer => {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
};

/** An Ed25519 key in the form that OpenSSH describes in PROTOCOL.key. */
export function sshKey(random: SeededRandom, comment: string): SshKey {
  const seed = random.bytes(32);
  const check = random.bytes(4);
  const publicKey = publicKeyOf(seed);
  const publicBlob = Buffer.concat([text(TYPE), text(publicKey)]);
  const inner = [
    check,
    check,
    text(TYPE),
    text(publicKey),
    text(Buffer.concat([seed, publicKey])),
    text(comment),
  ];
  let size = inner.reduce((sum, part) => sum + part.length, 0);
  for (let pad = 1; size % 8 !== 0; pad++, size++) inner.push(Buffer.from([pad]));
  const count = Buffer.from([0, 0, 0, 1]);
  const head = [
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    count,
    text(publicBlob),
  ];
  const whole = Buffer.concat([...head, text(Buffer.concat(inner))]);
  const base64 = whole.toString("base64");
  const lines = base64.match(new RegExp(`.{1,${LINE}}`, "g"))!;
  // Letters of base64 that stand for the seed alone; the public half may be known to anybody.
  const at = whole.indexOf(seed);
  const [first, end] = [Math.ceil((at * 8) / 6), Math.floor(((at + seed.length) * 8) / 6)];
  const needles: string[] = [];
  for (let from = first; from < end; ) {
    const to = Math.min(end, (Math.floor(from / LINE) + 1) * LINE);
    if (to - from >= 12) needles.push(base64.slice(from, to));
    from = to;
  }
  return {
    file: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicLine: `${TYPE} ${publicBlob.toString("base64")} ${comment}\n`,
    needles,
  };
}

/** A line of known_hosts with the host's name hashed, as Debian's client writes it. */
function knownHost(random: SeededRandom): string {
  const salt = random.bytes(20).toString("base64");
  const name = createHash("sha1").update(random.bytes(20)).digest("base64");
  const blob = Buffer.concat([text(TYPE), text(publicKeyOf(random.bytes(32)))]);
  return `|1|${salt}|${name} ${TYPE} ${blob.toString("base64")}\n`;
}

/** Two keys, one of them for a server of its own, and what a client remembers. */
export function sshCredentials(random: SeededRandom, hosts: readonly string[]): Part {
  const keys = [sshKey(random, "sam@desk"), sshKey(random, "deploy@desk")];
  const config = hosts.map(
    (host, index) =>
      `Host ${host.split(".")[0]}\n    HostName ${host}\n    User ${index === 0 ? "deploy" : "sam"}\n` +
      (index === 0 ? "    IdentityFile ~/.ssh/id_deploy\n" : ""),
  );
  return join(
    secret("ssh-key", ".ssh/id_ed25519", keys[0]!.file, keys[0]!.needles),
    secret("ssh-key", ".ssh/id_deploy", keys[1]!.file, keys[1]!.needles),
    plain(
      own(".ssh/id_ed25519.pub", keys[0]!.publicLine),
      own(".ssh/id_deploy.pub", keys[1]!.publicLine),
      own(".ssh/authorized_keys", keys[0]!.publicLine, 0o600),
      own(".ssh/known_hosts", Array.from({ length: 6 }, () => knownHost(random)).join(""), 0o600),
      own(".ssh/config", `${config.join("\n")}\nHost *\n    ServerAliveInterval 60\n`, 0o600),
    ),
  );
}
