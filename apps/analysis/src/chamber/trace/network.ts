/** Records about sockets. */
import type { Values } from "./record.ts";
import type { Reader } from "./seen.ts";

const [UNIX, INET, INET6, NETLINK] = [1, 2, 10, 16];

/** A socket address in words, e.g. `inet 192.0.2.1 port 80`. */
export function addressText(values: Values): string {
  const family = values.number("family");
  if (family === UNIX) {
    const name = values.text("name");
    return name ? `unix ${name}` : `unix @${values.text("abstract")}`;
  }
  if (family === NETLINK) return "netlink";
  const port = values.number("port");
  const swapped = ((port & 0xff) << 8) | (port >>> 8);
  if (family === INET) {
    const bits = values.number("address");
    return `inet ${[bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24].join(".")} port ${swapped}`;
  }
  if (family !== INET6) return `family ${family}`;
  return `inet6 ${ipv6([...values.bytes("high"), ...values.bytes("low")])} port ${swapped}`;
}

/** RFC 5952, with IPv4 addresses that are carried in IPv6 shown as such. */
function ipv6(bytes: readonly number[]): string {
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255)
    return `::ffff:${bytes.slice(12).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16),
  );
  const zeros = groups.join(":").match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
  const longest = zeros.sort((a, b) => b.length - a.length)[0];
  if (!longest) return groups.join(":");
  const text = groups.join(":").replace(longest, ":");
  return text.replace(/^:(?!:)/, "::").replace(/([^:]):$/, "$1::");
}

export const networkReaders: Readonly<Record<string, Reader>> = {
  connect: (values) => ({ what: "connect", detail: addressText(values) }),
  bind: (values) => ({ what: "bind", detail: addressText(values) }),
  listen: (values) => ({ what: "listen", detail: `up to ${values.number("backlog")} waiting` }),
  send: (values) => ({ what: "send", detail: `${addressText(values)}, ${values.number("size")} bytes` }),
};
