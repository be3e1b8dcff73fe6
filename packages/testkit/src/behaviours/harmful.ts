/** Harmful behaviours. `mustNot` is empty: of a harmful program nothing is asked but to be recognised. */
import type { FileType, Verdict } from "@thymus/contracts";
import type { Entry } from "./behaviours.ts";

const entry = (id: string, type: FileType, verdict: Verdict, ...must: string[]): Entry => ({
  id,
  type,
  verdict,
  must,
  mustNot: [],
});
const YEAR = 365 * 86_400;

export const harmful: readonly Entry[] = [
  entry("thief-env-http", "shell", "thief", "secret-sent", "web-contact"),
  entry("thief-cloud-https", "python", "thief", "secret-sent", "reads-credential"),
  entry("thief-ssh-gzip", "node", "thief", "secret-sent", "reads-credential"),
  entry("thief-npm-dns", "python", "thief", "secret-sent", "dns-tunnel"),
  entry("thief-wallet-mail", "perl", "thief", "secret-sent", "mail-contact"),
  entry("thief-browser-php", "php", "thief", "secret-sent"),
  entry("thief-history", "python", "thief", "raw-contact"),
  entry("thief-documents", "shell", "thief", "personal-sent"),
  entry("thief-encrypted", "python", "thief", "collects-credentials", "archive-sent"),
  entry("dropper-pipe", "shell", "dropper", "runs-downloaded"),
  entry("dropper-fetch", "python", "dropper", "runs-downloaded"),
  entry("dropper-cron", "shell", "dropper", "starts-hidden"),
  entry("dropper-systemd", "python", "dropper", "starts-hidden"),
  entry("dropper-bashrc", "perl", "dropper", "starts-hidden"),
  entry("dropper-preload", "shell", "dropper", "preload-planted"),
  entry("dropper-key", "node", "dropper", "key-added"),
  entry("dropper-autostart", "php", "dropper", "starts-hidden"),
  entry("dropper-githook", "shell", "dropper", "starts-hidden"),
  entry("shell-out-bash", "shell", "dropper", "shell-for-stranger"),
  entry("shell-out-python", "python", "dropper", "shell-for-stranger"),
  entry("miner-pool", "python", "dropper", "miner"),
  entry("wiper-truncate", "shell", "wiper"),
  entry("wiper-delete", "python", "wiper"),
  entry("wiper-overwrite", "perl", "wiper"),
  entry("ransom-inplace", "node", "ransomware", "ransom-note"),
  entry("ransom-archive", "python", "ransomware", "ransom-note"),
  entry("worm-mail", "python", "worm", "mail-itself", "mass-mail"),
  entry("worm-ssh", "python", "worm", "spreads-by-ssh"),
  entry("worm-scan", "python", "worm", "scanning", "sends-itself"),
  entry("worm-publish", "node", "worm", "publishes-itself"),
  entry("self-deleting", "shell", "dropper", "self-copy-hidden", "self-deleted"),
  entry("sleeper-checks", "python", "unknown", "chamber-check"),
  entry("sleeper-drops", "python", "dropper", "debugger-check", "starts-hidden"),
  entry("memory-only", "python", "dropper", "fileless"),
  entry("injector", "python", "dropper", "injection"),
  entry("log-cleaner", "shell", "dropper", "hidden-program", "history-cleared"),
  entry("setuid-shell", "shell", "dropper", "setuid-set"),
  { ...entry("date-bomb", "perl", "wiper"), clockOffset: 20 * YEAR },
  entry("fork-bomb", "shell", "wiper", "fork-bomb"),
];
