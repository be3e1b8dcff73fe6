/** Attempts to have more rights than its user. */
import { basename } from "node:path";
import type { Detector, Sign } from "./sign.ts";
import { short, sign } from "./sign.ts";

const rootTools = new Set(["sudo", "su", "pkexec", "doas"]);
const accountTools = new Set(["useradd", "adduser", "usermod", "chpasswd", "vipw"]);
const moduleTools = new Set(["insmod", "modprobe", "kmod"]);
const accountFiles = /^\/etc\/(passwd|shadow|group|gshadow)(?![\w.])/;
const rightsFiles = /^\/etc\/(sudoers|sudoers\.d\/.+|doas\.conf|polkit-1\/.+|pam\.d\/.+|security\/.+)$/;
/** Interpreters try to keep their compiled modules; that means nothing. */
const systemFiles = /^\/(etc|boot|root|usr\/(bin|sbin|lib|share)|bin|sbin|lib(64)?)\//;

export const rights: Detector = (view) => {
  const found = new Map<string, Sign>();
  const add = (key: string, seen: Sign) => {
    if (!found.has(key)) found.set(key, seen);
  };
  for (const event of view.events) {
    const { t, path = "", detail = "" } = event;
    const by = `${event.comm} (process ${event.pid})`;
    if (event.what === "chmod" && Number.parseInt(detail, 8) & 0o4000)
      add(
        `setuid ${path}`,
        sign("setuid-set", {
          t,
          what: `let ${short(path, view.home)} run with its owner's rights`,
          evidence: `${by}: chmod ${detail} ${path}`,
        }),
      );
    if (event.what === "exec") {
      const name = basename(path);
      if (rootTools.has(name))
        add(
          name,
          sign("rights-asked", { t, what: `tried to become root by ${name}`, evidence: `${by} ran ${path}` }),
        );
      if (accountTools.has(name))
        add(name, sign("account-made", { t, what: `ran ${name}`, evidence: `${by} ran ${path}` }));
      if (moduleTools.has(name))
        add(
          "module",
          sign("module-asked", {
            t,
            what: "tried to load code into the kernel",
            evidence: `${by} ran ${path}`,
          }),
        );
    }
    if (event.what === "module" && !detail.startsWith("bpf"))
      add(
        "module",
        sign("module-asked", {
          t,
          what: "tried to load code into the kernel",
          evidence: `${by} ${detail}`.trim(),
        }),
      );
    if (event.what === "namespace")
      add(
        "namespace",
        sign("namespace-made", {
          t,
          what: "made a namespace of its own",
          evidence: `${by} ${detail}`.trim(),
        }),
      );
    const target = event.what === "open-write" ? path : event.what === "rename" ? detail : "";
    if (target === "") continue;
    if (accountFiles.test(target))
      add(
        "account",
        sign("account-made", { t, what: `tried to write ${target}`, evidence: `${by} opened it to write` }),
      );
    else if (rightsFiles.test(target))
      add(
        "sudoers",
        sign("rights-asked", { t, what: `tried to write ${target}`, evidence: `${by} opened it to write` }),
      );
    else if (systemFiles.test(target) && !/__pycache__|ld\.so\.(cache|preload)/.test(target))
      add(
        "system",
        sign("system-written", { t, what: `tried to write ${target}`, evidence: `${by} opened it to write` }),
      );
  }
  return [...found.values()];
};
