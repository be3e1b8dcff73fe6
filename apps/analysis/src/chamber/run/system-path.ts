/** Where files from outside may be laid in the guest's system. */

/** The guest starts every sample through these, as root, before it drops its rights: nothing may stand in their place. */
const trusted =
  /^\/usr\/s?bin\/(setpriv|env|unshare|chroot|bash|sh|dash|timeout|dd|tar|find|head|xargs|rm|ld\.so|busybox|perl|node|php|python[\d.]*)$/;
const own =
  /^\/etc\/(ld\.so|passwd|shadow|group|gshadow|nsswitch|pam|security|hosts|resolv|ssl|ca-certificates|alternatives|selinux|login\.defs)/;
/** Libraries that programs of the system load; folders of their own below are free. */
const libraries = /^\/usr\/lib(32|64|x32|exec)?\/([^/]+|[^/]*-linux-[^/]*\/.*|locale\/.*)$/;
/** Code that an interpreter takes in by itself, whoever starts it. */
const everywhere = /\/(sitecustomize\.py|usercustomize\.py|[^/]+\.pth|__pycache__\/.*)$/;
const open = /^\/(usr|opt|srv|var|etc|home|root)\//;

export const MAX_SYSTEM_PATH = 1000;

/** The path as the guest has it (merged /usr), or null where no file from outside may lie. Expects a plain path. */
export function systemPath(path: string): string | null {
  const merged = path.replace(/^\/(s?bin|lib|lib32|lib64|libx32)\//, "/usr/$1/");
  if (!open.test(merged) || /^\/(root|home|var\/run|var\/lock)\//.test(merged)) return null;
  if ([trusted, own, libraries, everywhere].some((closed) => closed.test(merged))) return null;
  return merged;
}
