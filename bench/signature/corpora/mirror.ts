/**
 * Where the packages of the recipes come from: the public names of the distribution, in this one place. Another mirror is
 * named by THYMUS_BENCH_MIRROR and THYMUS_BENCH_SECURITY_MIRROR; what comes from it is checked by digest all the same.
 */
export type Archive = "debian" | "security";

const hosts: Record<Archive, { variable: string; usual: string }> = {
  debian: { variable: "THYMUS_BENCH_MIRROR", usual: "http://deb.debian.org/debian" },
  security: { variable: "THYMUS_BENCH_SECURITY_MIRROR", usual: "http://security.debian.org/debian-security" },
};
const SNAPSHOT = "https://snapshot.debian.org/archive";

export function archiveUrl(archive: Archive): string {
  const { variable, usual } = hosts[archive];
  return (process.env[variable] ?? usual).replace(/\/$/, "");
}

/** Where old versions stay when a mirror has dropped them; `day` as in 2026-11-23 is when the recipe was made. */
export function snapshotUrl(archive: Archive, day: string): string {
  const base = (process.env.THYMUS_BENCH_SNAPSHOT ?? SNAPSHOT).replace(/\/$/, "");
  const name = archive === "debian" ? "debian" : "debian-security";
  return `${base}/${name}/${day.replaceAll("-", "")}T000000Z`;
}
