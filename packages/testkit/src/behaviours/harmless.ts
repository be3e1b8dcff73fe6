/** Harmless look-alikes: what honest software does that looks like harm. */
import type { FileType } from "@thymus/contracts";
import type { Entry } from "./behaviours.ts";

const entry = (id: string, type: FileType, must: string[], ...mustNot: string[]): Entry => ({
  id,
  type,
  verdict: "harmless",
  must,
  mustNot,
});

export const harmless: readonly Entry[] = [
  entry("npm-like-installer", "node", ["registry-contact"], "runs-downloaded"),
  entry("pip-like-installer", "python", ["registry-contact"], "runs-downloaded"),
  entry("real-npm", "shell", [], "runs-downloaded", "secret-sent"),
  {
    ...entry("remote-backup", "python", ["personal-sent-home"], "personal-sent", "secret-sent"),
    files: [
      {
        path: ".config/homesafe/backup.conf",
        content:
          "[backup]\nserver = safe.backup-house.example\nfolders = Documents Pictures\nexclude = private .env\n",
      },
    ],
  },
  {
    ...entry("notes-sync", "php", ["personal-sent-home"], "personal-sent"),
    files: [{ path: ".config/notes-sync.ini", content: "server = notes.sync-house.example\nevery = 10\n" }],
  },
  entry("signature-update", "python", ["web-contact"], "secret-sent", "collects-credentials"),
  entry("test-runner", "node", [], "fork-bomb"),
  entry("ci-publish", "node", ["secret-used-rightly", "published-own"], "publishes-itself", "secret-sent"),
  entry("ssh-client", "python", ["reads-credential"], "secret-sent", "spreads-by-ssh"),
  entry("git-client", "shell", ["secret-used-rightly"], "secret-sent"),
  entry("dotfiles", "shell", ["starts-again"], "starts-hidden"),
  entry("own-key", "shell", ["own-key-added"], "key-added"),
  entry("cron-install", "shell", ["starts-again"], "starts-hidden"),
  entry("hook-install", "shell", ["starts-again"], "starts-hidden"),
  {
    ...entry("resident-install", "shell", ["starts-own-program"], "starts-hidden"),
    // It keeps a program of its own running: nobody but its owner can tell whether that is wanted.
    verdict: "unknown",
  },
  entry("crash-reporter", "python", ["web-contact"], "personal-sent", "sends-itself"),
  entry("telemetry", "node", ["web-contact"], "personal-sent"),
  entry("monitor", "perl", ["raw-contact"], "chamber-check", "personal-sent"),
  entry("download-manager", "python", ["web-contact"], "runs-downloaded"),
  entry("self-updater", "node", ["runs-downloaded"], "runs-downloaded"),
  entry("tracer", "python", ["tracing"], "injection", "debugger-check"),
  entry("builder", "shell", [], "setuid-set", "hidden-program"),
  entry("password-manager", "python", [], "secret-sent"),
  entry("photo-renamer", "perl", []),
  entry("image-optimiser", "python", []),
  entry("encrypt-one", "php", [], "ransom-note"),
  entry("cache-cleaner", "shell", []),
  entry("database-server", "python", ["listens"], "fork-bomb"),
  entry("mail-report", "python", ["mail-contact"], "secret-sent", "mass-mail"),
  entry("database-client", "python", ["secret-used-rightly"], "secret-sent"),
  entry("inventory", "python", ["machine-look"], "chamber-check"),
  entry("document-archiver", "shell", []),
];
