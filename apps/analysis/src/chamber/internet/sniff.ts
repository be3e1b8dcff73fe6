/** Which protocol a connection speaks, by its first bytes and its port. */

export type Kind = "tls" | "http" | "dns" | "smtp" | "raw";

/** Ports at which the server speaks first, with what it says. SMTP has a greeting of its own. */
export const greetings: Readonly<Record<number, string>> = {
  21: "220 (vsFTPd 3.0.3)\r\n",
  22: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
  110: "+OK Dovecot ready.\r\n",
  143: "* OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE] Dovecot ready.\r\n",
};
export const smtpPorts: readonly number[] = [25, 465, 587, 2525];

/** How many bytes are enough to tell; with fewer a connection that is still silent may be waited for. */
const METHOD = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PROPFIND) /i;

/** Null where more bytes are needed. */
export function sniff(bytes: Buffer, port: number): Kind | null {
  if (smtpPorts.includes(port) && bytes[0] !== 0x16) return "smtp";
  if (port === 53) return "dns";
  if (bytes.length === 0) return null;
  // A handshake record of TLS (RFC 8446 5.1): type 22, version 3.x.
  if (bytes[0] === 0x16) {
    if (bytes.length < 3) return null;
    return bytes[1] === 3 && bytes[2]! <= 4 ? "tls" : "raw";
  }
  const start = bytes.toString("latin1", 0, 12);
  if (METHOD.test(start)) return "http";
  return start.length < 9 &&
    /^[A-Z]+ ?$/i.test(start) &&
    METHOD.test(`${start.trim()} `) === false &&
    couldBeMethod(start)
    ? null
    : "raw";
}

const methods = [
  "GET ",
  "HEAD ",
  "POST ",
  "PUT ",
  "PATCH ",
  "DELETE ",
  "OPTIONS ",
  "TRACE ",
  "CONNECT ",
  "PROPFIND ",
];
const couldBeMethod = (start: string) => methods.some((method) => method.startsWith(start.toUpperCase()));
