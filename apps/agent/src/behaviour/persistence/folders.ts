import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folders of the system in which something lies that runs by itself later, or at somebody's login. */
const system = [
  "/etc",
  ...["/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"],
  ...["/var/spool/cron", "/var/spool/cron/crontabs", "/var/spool/cron/atjobs", "/var/spool/at"],
  ...["/etc/systemd/system", "/etc/systemd/user", "/run/systemd/system"],
  ...["/usr/lib/systemd/system", "/usr/lib/systemd/user"],
  ...["/etc/systemd/system-generators", "/usr/lib/systemd/system-generators"],
  ...["/etc/init.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rcS.d"],
  ...["/etc/profile.d", "/etc/zsh", "/etc/pam.d", "/etc/security", "/etc/sudoers.d"],
  ...["/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/etc/xdg/autostart"],
];
/** The same in a home. */
const personal = ["", ".ssh", ".config/systemd/user", ".config/autostart"];
/** Homes that are looked at, and folders in all. */
const HOMES = 64;
const MOST = 1024;
/** First number of an account of a person. */
const PERSON = 1000;
/** Accounts of nobody. */
const NOBODY = 65_534;

/** Homes of root and of people, by passwd(5). */
export function homesOf(passwd: string): string[] {
  const homes = new Set<string>();
  for (const line of passwd.split("\n")) {
    const [, , uid, , , home] = line.split(":");
    const number = Number(uid);
    const isPersons = number === 0 || (number >= PERSON && number < NOBODY);
    if (home?.startsWith("/") && home !== "/" && isPersons && homes.size < HOMES) homes.add(home);
  }
  return [...homes];
}

/** All folders that are watched without being named by anybody, there or not; units have folders of their own for what they want. */
export function persistenceFolders(): string[] {
  let passwd = "";
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    // Nobody is known but the system.
  }
  const homes = homesOf(passwd).flatMap((home) => personal.map((each) => join(home, each)));
  const units = [...system, ...homes].filter((path) => /\/systemd\/(system|user)$/.test(path));
  return [...system, ...homes, ...units.flatMap(foldersIn)].slice(0, MOST);
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && /\.(wants|requires|d)$/.test(entry.name) ? [join(folder, entry.name)] : [],
    );
  } catch {
    return [];
  }
}
