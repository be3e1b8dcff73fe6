import { starters } from "../processes/starters.ts";

/** Names of programs by what they are for. Names can be taken by anybody: they only ever lower a weight a little, or raise one. */
const name = (exe: string | null): string =>
  (exe ?? "").slice((exe ?? "").lastIndexOf("/") + 1).replace(/^-/, "");

const packageManagers =
  /^(dpkg(-deb|-preconfigure|-trigger)?|apt(-get|d|itude)?|unattended-upgr\w*|rpm|dnf(-?\d)?|yum|zypper|apk|pacman|snapd?|flatpak|npm|pnpm|yarn|pip3?)$/;
const shells = /^(sh|bash|dash|zsh|fish|ksh|mksh|ash|busybox|tcsh|csh)$/;
const interpreters =
  /^(python[\d.]*|perl[\d.]*|node|nodejs|ruby[\d.]*|php[\d.]*|lua[\d.]*|deno|bun|java|tclsh[\d.]*)$/;
const services =
  /^(nginx|apache2|httpd|lighttpd|caddy|php-fpm[\d.]*|php-cgi[\d.]*|mysqld|mariadbd|postgres|redis-server|valkey-server|memcached|mongod|named|tomcat[\d]*|java|node|nodejs|gunicorn|uwsgi|puma|exim4|master|dovecot|proftpd|vsftpd|smbd)$/;
/** Families of starters whose names differ by version or purpose. */
const families =
  /^(systemd-.*|containerd-shim.*|tmux.*|gdm.*|sddm.*|gnome-session.*|gnome-terminal.*|dbus-broker.*|agent|thymus)$/;
const known: ReadonlySet<string> = new Set(starters);

export const programName = name;
export const isPackageManager = (exe: string | null): boolean => packageManagers.test(name(exe));
export const isShell = (exe: string | null): boolean => shells.test(name(exe));
export const isInterpreter = (exe: string | null): boolean => isShell(exe) || interpreters.test(name(exe));
export const isService = (exe: string | null): boolean => services.test(name(exe));
/** What starts unrelated work of others: logins, terminals, service managers, containers. */
export const isStarter = (exe: string | null): boolean => known.has(name(exe)) || families.test(name(exe));

/** Places where everybody may put a file. */
export const isOpenPlace = (path: string): boolean => /^\/(tmp|var\/tmp|dev\/shm|run\/shm)\//.test(path);

/** Where the program that a process runs lies: the script where it interprets one, else the executable. */
export function programOf({
  exe,
  cmdline,
}: {
  exe: string | null;
  cmdline: readonly string[];
}): string | null {
  if (!isInterpreter(exe)) return exe;
  for (const word of cmdline.slice(1)) {
    if (/^-(c|e|m|r|p|-eval|-print)$/.test(word)) return exe;
    if (!word.startsWith("-")) return word;
  }
  return exe;
}

/** The system's package manager: what holds the database of installed software while it works. */
export const isSystemInstaller = (exe: string | null): boolean =>
  /^(dpkg(-deb|-preconfigure|-trigger)?|apt(-get|d|itude)?|unattended-upgr\w*|rpm|dnf(-?\d)?|yum|zypper|apk|pacman|snapd|flatpak)$/.test(
    name(exe),
  );
