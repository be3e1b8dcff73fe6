/**
 * The HTTP proxy on the way to a server: the one that this machine joined with, else what the environment names, as other
 * programs take it (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`, in small or capital letters). The way to this
 * machine itself needs none. Credentials stand in the proxy's address: `http://user:password@proxy:3128`.
 */
export function proxyFor(
  url: string,
  joined: string | null,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  if (joined !== null) return joined;
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || host === "::1" || /^127\./.test(host)) return undefined;
  const of = (name: string) => env[name] || env[name.toUpperCase()] || "";
  const exempt = of("no_proxy")
    .split(/[\s,]+/)
    .filter(Boolean);
  if (exempt.some((each) => covers(each.toLowerCase(), host, port))) return undefined;
  const named = of(protocol === "https:" ? "https_proxy" : "http_proxy") || of("all_proxy");
  if (named === "") return undefined;
  const address = named.includes("://") ? named : `http://${named}`;
  return /^https?:/.test(address) && URL.canParse(address) ? address : undefined;
}

/** `*`, a host with all below it, with or without a leading dot, perhaps with a port. */
function covers(exempt: string, host: string, port: string): boolean {
  if (exempt === "*") return true;
  const [name, only] =
    exempt.startsWith("[") || exempt.split(":").length > 2 ? [exempt, undefined] : exempt.split(":");
  if (only !== undefined && only !== port) return false;
  const plain = name!.replace(/^\*?\./, "");
  return host === plain || host.endsWith(`.${plain}`);
}
