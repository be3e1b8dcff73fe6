import { createHash } from "node:crypto";
import { families } from "./families.ts";

export type Split = "train" | "dev" | "test";

const SALT = "thymus signature bench 1";

/** Number from 0 to 99 that only the name decides. */
export function bucket(source: string): number {
  return createHash("sha256").update(`${SALT}\n${source}`).digest().readUInt32BE(0) % 100;
}

/**
 * Which part of goodware a source package belongs to. Its name's digest decides, so that nobody can choose; but what every
 * machine has anyway (`everywhere`) is train, and the families of tier A are no goodware at all.
 */
export function splitOf(source: string, everywhere: ReadonlySet<string>): Split | null {
  if (families.some(({ sources }) => sources.includes(source))) return null;
  if (everywhere.has(source)) return "train";
  const place = bucket(source);
  return place < 30 ? "test" : place < 33 ? "dev" : "train";
}

/** Compilers, runtimes and libraries whose code is linked into others: any self of a developer's machine holds them. */
export const common: readonly string[] = [
  ..."gcc-10 gcc-12 gcc-14 gcc-15 glibc musl dietlibc klibc libxcrypt zlib openssl ncurses readline pcre2 pcre3".split(
    " ",
  ),
  ..."libevent libtommath libtomcrypt libbsd libmd acl attr libselinux pam popt lz4 libzstd xxhash bzip2 xz-utils".split(
    " ",
  ),
  ..."lua5.1 lua5.2 lua5.3 luajit gpm libsodium gnutls28 nettle gmp libidn2 libunistring brotli krb5 cyrus-sasl2".split(
    " ",
  ),
  ..."bash dash perl python3.9 python3.11 python3.13 nodejs ruby3.1 ruby3.3 php8.2 php8.4 tcl8.6 binutils make-dfsg".split(
    " ",
  ),
  ..."coreutils findutils grep sed gawk mawk tar gzip util-linux procps systemd dpkg apt git curl openssh sudo".split(
    " ",
  ),
];
