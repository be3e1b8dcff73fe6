/** How a program covers its traces and gets rid of others. */
import { createHash } from "node:crypto";
import { hiddenPlace } from "../view.ts";
import { writtenAt } from "./persistence.ts";
import { type Detector, type Sign, short, sign } from "./sign.ts";

const histories =
  /\/\.(bash|zsh|sh|python|node_repl|mysql|psql|sqlite)_history$|\/\.lesshst$|\/fish_history$/;
const systemLogs =
  /^\/var\/log\/(wtmp|btmp|lastlog|auth\.log|secure|syslog|messages|kern\.log|journal\/.*|audit\/.*)$|^\/(var\/)?run\/utmp$/;

export const hiding: Detector = (view) => {
  const found: Sign[] = [];
  const once = new Set<string>();
  const add = (key: string, seen: Sign) => {
    if (!once.has(key)) found.push(seen);
    once.add(key);
  };
  for (const { what, t, path = "", detail = "", comm, pid } of view.events) {
    const evidence = `${comm} (process ${pid}): ${what} ${path}`;
    const gone = what === "unlink" || what === "rename";
    if (gone && path === view.samplePath)
      add(
        "self",
        sign("self-deleted", {
          t,
          what: what === "rename" ? "moved itself away" : "deleted itself",
          evidence,
        }),
      );
    // A shell adds to its history by itself only where somebody types.
    const emptied = what === "open-write" && detail.startsWith("truncate");
    if ((gone || emptied) && histories.test(path))
      add(
        "history",
        sign("history-cleared", {
          t,
          what: `cleared ${short(path, view.home)}`,
          evidence: `${evidence} ${detail}`.trim(),
        }),
      );
    if ((gone || what === "open-write") && systemLogs.test(path))
      add("logs", sign("logs-cleared", { t, what: `tried to change ${path}`, evidence }));
    if (what === "utime") {
      const hidden =
        path !== "" && hiddenPlace(path) && !view.wasThere(path) && view.contentOf(path) !== null;
      add(
        hidden ? "stomp hidden" : "stomp",
        sign(hidden ? "timestomp-hidden" : "timestomp", {
          t,
          what: `set the times of ${short(path, view.home) || "a file"}`,
          evidence: `${evidence} ${detail}`.trim(),
        }),
      );
    }
    if (what === "kill") {
      const [, signal, target] = /signal (\w+) (?:to )?process (-?\d+)/.exec(detail) ?? [];
      const other = Number(target);
      if (
        target !== undefined &&
        signal !== "0" &&
        (other === -1 || (other > 1 && !view.processes.has(other)))
      )
        add(
          "kill",
          sign("kills-others", {
            t,
            what: "tried to end programs that it did not start",
            evidence: `${evidence}${detail}`,
          }),
        );
    }
  }
  const own = createHash("sha256").update(view.input.sample.bytes).digest("hex");
  for (const file of view.result.dropped) {
    if (file.sha256 !== own || file.path === view.samplePath) continue;
    const id = hiddenPlace(file.path) ? "self-copy-hidden" : "self-copy";
    add(
      id,
      sign(id, {
        t: writtenAt(view, file.path),
        what: `copied itself to ${short(file.path, view.home)}`,
        evidence: `${file.path} is the sample, byte for byte`,
      }),
    );
  }
  return found;
};
