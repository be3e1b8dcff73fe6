/** Which container something belongs to. */
export interface ContainerName {
  /** docker, podman, containerd, cri-o, lxc, nspawn; `overlay` where nobody's name was found. */
  readonly runtime: string;
  /** As its runtime calls it: for most of them 64 hexadecimal digits. */
  readonly id: string;
}

const ID = "([0-9a-f]{64})";

/** How the runtimes name the control groups of their containers, the telling ones first. */
const FORMS: readonly (readonly [string, RegExp])[] = [
  ["docker", new RegExp(`/docker[-/]${ID}(?:\\.scope)?(?:/|$)`)],
  ["podman", new RegExp(`/libpod-${ID}(?:\\.scope)?(?:/|$)`)],
  ["cri-o", new RegExp(`/crio-${ID}(?:\\.scope)?(?:/|$)`)],
  ["containerd", new RegExp(`/cri-containerd-${ID}(?:\\.scope)?(?:/|$)`)],
  ["containerd", new RegExp(`/kubepods[^/]*/(?:[^/]+/)*${ID}(?:/|$)`)],
  ["lxc", /\/lxc(?:\.payload)?[./]([\w.-]+)(?:\/|$)/],
  ["nspawn", /\/machine\.slice\/(?:machine-|systemd-nspawn@)(?!qemu)([^/]+)\.(?:scope|service)(?:\/|$)/],
];

/** The container of a process by the path of its control group; null for what runs in none. */
export function containerOfGroup(group: string): ContainerName | null {
  for (const [runtime, form] of FORMS) {
    const found = form.exec(group)?.[1];
    // systemd writes a dash within a name as \x2d.
    if (found)
      return {
        runtime,
        id: found.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        ),
      };
  }
  return null;
}
