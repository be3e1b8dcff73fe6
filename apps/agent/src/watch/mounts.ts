/** What /proc/self/mountinfo says (proc(5)). */

export interface Mount {
  readonly id: string;
  /** Device, MAJOR:MINOR. */
  readonly device: string;
  readonly point: string;
  readonly type: string;
}

/** File systems of the kernel itself, which hold no files of anybody. */
const KERNEL = new Set(
  "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs proc pstore rpc_pipefs securityfs selinuxfs sysfs tracefs".split(
    " ",
  ),
);

/** File systems that other machines, or a program, may change without an event here. */
const REMOTE = /^(nfs4?|cifs|smb3|9p|afs|ceph|coda|ncpfs|glusterfs|lustre|beegfs|fuse(\..+)?|virtiofs)$/;

export const isRemote = (type: string): boolean => REMOTE.test(type);

export function parseMounts(text: string): Mount[] {
  return text
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const fields = line.split(" ");
      const type = fields[fields.indexOf("-") + 1];
      const [id, , device, , point] = fields;
      if (!id || !device || !point || !type) return [];
      return [{ id, device, point: unescaped(point), type }];
    });
}

/** Blanks and the like are written as octal numbers. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The mount that a root lies on, first, and those below it that are to be entered. */
export function mountsOf(root: string, mounts: readonly Mount[], skips: (path: string) => boolean): Mount[] {
  const inside = (path: string, top: string) =>
    path === top || path.startsWith(top === "/" ? "/" : `${top}/`);
  // Of several on one point the last one is seen.
  const seen = [...new Map(mounts.map((mount) => [mount.point, mount])).values()];
  const own = seen
    .filter(({ point }) => inside(root, point))
    .sort((a, b) => b.point.length - a.point.length)[0];
  const skipped = (point: string): boolean => {
    for (
      let path = point;
      path !== root && path.length > 1;
      path = path.slice(0, path.lastIndexOf("/")) || "/"
    )
      if (skips(path)) return true;
    return false;
  };
  const lower = seen.filter(
    ({ point, type }) => point !== root && inside(point, root) && !KERNEL.has(type) && !skipped(point),
  );
  return [...(own ? [own] : []), ...lower];
}
