/** Reads what strace says of a program: for the comparison of the chamber's trace with it. */
import { posix } from "node:path";

export const factClasses = [
  "opened for writing",
  "created",
  "renamed",
  "deleted",
  "processes",
  "programs",
  "sockets",
] as const;
export type FactClass = (typeof factClasses)[number];
/** Facts of each class, each as often as it happened. */
export type Facts = Record<FactClass, string[]>;

export const noFacts = (): Facts =>
  Object.fromEntries(factClasses.map((name) => [name, []])) as unknown as Facts;

/** Arguments for strace: the calls that make facts, with what descriptors stand for. */
export const straceArguments = (file: string): string[] => [
  ...["-f", "-y", "-s", "4096", "-o", file],
  "-e",
  "trace=open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,unlink,unlinkat,rmdir," +
    "link,linkat,symlink,symlinkat,chdir,fchdir,clone,clone3,fork,vfork,execve,execveat,connect,bind,sendto,sendmsg,truncate",
];

const text = /"((?:[^"\\]|\\.)*)"/g;
/** A folder's descriptor and a name below it, or a name alone. */
const place = /(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g;

/** Devices and the like: both ways differ in them, and they tell nothing. */
export const isPlain = (path: string) => !/^\/(dev\/(null|tty|fd|pts)|proc|sys)/.test(path);

export function readStrace(log: string, folder: string): Facts {
  const facts = noFacts();
  const folders = new Map<string, string>();
  const unfinished = new Map<string, string>();
  let first: string | null = null;
  for (const line of log.split("\n")) {
    const found = /^(\d+)\s+(.*)$/.exec(line);
    if (!found) continue;
    const [, pid, rest] = found as unknown as [string, string, string];
    first ??= pid;
    let call = rest;
    if (call.endsWith("<unfinished ...>")) {
      unfinished.set(pid, call.slice(0, -"<unfinished ...>".length).trimEnd());
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(call);
    if (resumed) call = `${unfinished.get(pid) ?? ""}${resumed[1]}`;
    const parts = /^(\w+)\((.*)\)\s+= (-?\d+|\?)(.*)$/.exec(call);
    if (parts) readCall({ pid, name: parts[1]!, args: parts[2]!, result: Number(parts[3]), more: parts[4]! });
  }
  return facts;

  function readCall(call: { pid: string; name: string; args: string; result: number; more: string }) {
    const { pid, name, args, result, more } = call;
    const own = folders.get(pid) ?? folder;
    const paths = [...args.matchAll(place)].map(([, base, path]) => posix.resolve(base ?? own, path!));
    const good = result >= 0;
    if (/^(connect|bind|sendto|sendmsg)$/.test(name)) {
      const address = addressOf(args);
      if (address) facts.sockets.push(`${name.startsWith("send") ? "send" : name} ${address}`);
    } else if (!good) return;
    else if (/^(open|openat|openat2|creat)$/.test(name)) {
      const path = /^<([^>]*)>/.exec(more)?.[1] ?? paths[0]!;
      if (/O_WRONLY|O_RDWR|O_CREAT/.test(args) || name === "creat")
        if (isPlain(path)) facts["opened for writing"].push(path);
    } else if (/^(mkdir|mkdirat|mknod|mknodat)$/.test(name)) facts.created.push(paths[0]!);
    else if (/^(symlink|symlinkat|link|linkat)$/.test(name)) facts.created.push(paths.at(-1)!);
    else if (name.startsWith("rename")) facts.renamed.push(`${paths[0]} to ${paths[1]}`);
    else if (/^(unlink|unlinkat|rmdir)$/.test(name)) facts.deleted.push(paths[0]!);
    else if (name === "chdir") folders.set(pid, paths[0]!);
    else if (name === "fchdir") folders.set(pid, /<([^>]*)>/.exec(args)?.[1] ?? own);
    else if (/^(clone|clone3|fork|vfork)$/.test(name)) {
      facts.processes.push("child");
      folders.set(String(result), own);
    } else if (name.startsWith("exec")) {
      const words = /\[(.*?)\](?:, |$)/.exec(args)?.[1] ?? "";
      if (pid !== first || facts.programs.length > 0)
        facts.programs.push(
          [...words.matchAll(text)]
            .map(([, word]) => unescaped(word!))
            .join(" ")
            .slice(0, 180),
        );
      else facts.programs.push("the program itself");
    }
  }
}

const unescaped = (word: string) => word.replace(/\\(["\\])/g, "$1");

function addressOf(args: string): string | null {
  const port = /sin6?_port=htons\((\d+)\)/.exec(args)?.[1];
  const four = /inet_addr\("([^"]+)"\)/.exec(args)?.[1];
  if (four) return `inet ${four} port ${port}`;
  const six = /inet_pton\(AF_INET6, "([^"]+)"/.exec(args)?.[1];
  if (six) return `inet6 ${six} port ${port}`;
  const unix = /sun_path=(@?)"([^"]+)"/.exec(args);
  return unix ? `unix ${unix[1]}${unix[2]}` : null;
}
