import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { noun } from "../../chamber/decoys/words.ts";
import { join, own, type Part, plain, secret } from "../part.ts";
import { base64Text, hexText, urlText } from "./tokens.ts";

/** Wallets: one of a light client, encrypted key store of another, and the words on a "safe" note. */
export function wallets(random: SeededRandom): Part {
  const words = Array.from({ length: 12 }, () => noun(random));
  const phrase = words.join(" ");
  const xprv = `zprv${base64Text(random, 107).replace(/[+/0OIl]/g, "x")}`;
  const cipher = hexText(random, 64);
  const wallet = {
    addresses: { change: [], receiving: Array.from({ length: 4 }, () => `bc1q${hexText(random, 38)}`) },
    keystore: { derivation: "m/0'", pw_hash_version: 1, seed: phrase, type: "bip32", xprv },
    seed_type: "segwit",
    seed_version: 18,
    use_encryption: false,
    wallet_type: "standard",
  };
  const store = {
    address: hexText(random, 40),
    crypto: {
      cipher: "aes-128-ctr",
      ciphertext: cipher,
      cipherparams: { iv: hexText(random, 32) },
      kdf: "scrypt",
      kdfparams: { dklen: 32, n: 262144, p: 1, r: 8, salt: hexText(random, 64) },
      mac: hexText(random, 64),
    },
    version: 3,
  };
  const half = (from: number) => words.slice(from, from + 6).join(" ");
  return join(
    secret("wallet", ".electrum/wallets/default_wallet", JSON.stringify(wallet, null, 4), [
      phrase,
      half(0),
      half(6),
      xprv,
    ]),
    secret("wallet", ".ethereum/keystore/UTC--2026-02-11T09-14-07.512Z", JSON.stringify(store), [
      cipher,
      store.crypto.mac,
    ]),
    secret(
      "wallet",
      "Documents/private/recovery.txt",
      `recovery words, do not lose\n\n${words.map((word, at) => `${at + 1}. ${word}`).join("\n")}\n`,
      [
        words.map((word, at) => `${at + 1}. ${word}`).join("\n"),
        words
          .slice(0, 6)
          .map((word, at) => `${at + 1}. ${word}`)
          .join("\n"),
      ],
    ),
  );
}

const milliseconds = 1_779_000_000_000;

/** Profiles of two browsers with stored logins and session cookies. */
export function browsers(random: SeededRandom, sites: readonly string[]): Part {
  const profile = `.mozilla/firefox/${hexText(random, 8)}.default-release`;
  // As the browser stores them: DER with key id, algorithm and initial vector, then the ciphertext.
  const sealed = (length: number) =>
    Buffer.concat([
      Buffer.from("303a0410f8000000000000000000000000000001301406082a864886f70d03070408", "hex"),
      random.bytes(8),
      Buffer.from([4, length]),
      random.bytes(length),
    ]).toString("base64");
  const logins = sites.map((site, at) => ({
    id: at + 1,
    hostname: `https://${site}`,
    httpRealm: null,
    formSubmitURL: `https://${site}`,
    usernameField: "",
    passwordField: "",
    encryptedUsername: sealed(16),
    encryptedPassword: sealed(32),
    guid: `{${random.bytes(16).toString("hex")}}`,
    encType: 1,
    timeCreated: milliseconds + random.below(1_000_000),
    timesUsed: random.between(1, 90),
  }));
  const session = sites.map((site) => ({ site, value: urlText(random, 43) }));
  const cookies = session.map(
    ({ site, value }) => `.${site}\tTRUE\t/\tTRUE\t1${random.between(800, 830)}000000\tsession\t${value}`,
  );
  const state = base64Text(random, 260);
  return join(
    secret(
      "browser-store",
      `${profile}/logins.json`,
      JSON.stringify({ nextId: sites.length + 1, logins, version: 3 }),
      [
        // The secret bytes alone: the frame around them is the same for everybody.
        ...logins.map((login) => login.encryptedPassword.slice(48)),
      ],
    ),
    secret(
      "browser-store",
      ".config/chromium/Local State",
      JSON.stringify({
        browser: { enabled_labs_experiments: [] },
        os_crypt: { encrypted_key: state },
        profile: { last_used: "Default" },
      }),
      [state],
    ),
    secret(
      "browser-cookies",
      ".config/chromium/Default/cookies.txt",
      `# Netscape HTTP Cookie File\n${cookies.join("\n")}\n`,
      [...session.map(({ value }) => value)],
    ),
    plain(
      own(
        ".mozilla/firefox/profiles.ini",
        `[Profile0]\nName=default-release\nIsRelative=1\nPath=${profile.split("/")[2]}\nDefault=1\n\n[General]\nStartWithLastProfile=1\nVersion=2\n`,
      ),
      own(
        ".config/chromium/Default/Bookmarks",
        `${JSON.stringify({ roots: { bookmark_bar: { children: sites.map((site) => ({ name: site, type: "url", url: `https://${site}/` })), name: "Bookmarks bar", type: "folder" } }, version: 1 }, null, 3)}\n`,
        0o600,
      ),
    ),
  );
}
