/** What /proc/self/mountinfo says (proc(5)). */

export interface Mount {
  readonly id: string;
  /** Device, MAJOR:MINOR. */
  readonly device: string;
  /** Folder of that device which lies here: `/`, or another one for a bind mount. */
  readonly source: string;
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
      const [id, , device, source, point] = fields;
      if (!id || !device || !source || !point || !type) return [];
      return [{ id, device, source: unescaped(source), point: unescaped(point), type }];
    });
}

/** Blanks and the like are written as octal numbers. */
export const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const inside = (path: string, top: string) => path === top || path.startsWith(top === "/" ? "/" : `${top}/`);

/**
 * Mounted folders below roots that are not entered: those of other machines or of programs (whoever wants one watched names
 * it; one that hangs is never touched unasked), the kernel's own, and second sights of what is seen elsewhere in a root
 * already (bind mounts, and loops of them).
 */
export function foreignPoints(roots: readonly string[], mounts: readonly Mount[]): string[] {
  const below = mounts.filter(({ point }) => roots.some((root) => point !== root && inside(point, root)));
  return below
    .filter((mount) => {
      if (roots.includes(mount.point)) return false;
      return isRemote(mount.type) || KERNEL.has(mount.type) || isSecondSight(mount, mounts, roots);
    })
    .map(({ point }) => point);
}

function isSecondSight(mount: Mount, mounts: readonly Mount[], roots: readonly string[]): boolean {
  if (mount.source === "/") return false;
  const own = mounts.indexOf(mount);
  return mounts.some((other, index) => {
    // Of two that show the same the first one is entered.
    if (other.source === mount.source && index > own) return false;
    if (other === mount || other.device !== mount.device || !inside(mount.source, other.source)) return false;
    const rest = other.source === "/" ? mount.source : mount.source.slice(other.source.length);
    const first = other.point === "/" ? rest || "/" : `${other.point}${rest}`;
    return first !== mount.point && roots.some((root) => inside(first, root));
  });
}

/** The mount that a root lies on, first, and those below it that are to be entered. */
export function mountsOf(root: string, mounts: readonly Mount[], skips: (path: string) => boolean): Mount[] {
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
  const foreign = new Set(foreignPoints([root], mounts));
  const lower = seen.filter(
    ({ point }) => point !== root && inside(point, root) && !foreign.has(point) && !skipped(point),
  );
  return [...(own ? [own] : []), ...lower];
}
