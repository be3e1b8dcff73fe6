/** How a shared object comes to run: preloaded into ordinary programs, or loaded by one. */
import type { ElfFacts } from "./elf.ts";

const env = "/usr/bin/env";

/** Programs that a person or the system starts often, with the object preloaded, then the object loaded by itself. */
export function libraryStarts(
  given: Uint8Array,
  name: string,
  facts: ElfFacts,
  path: string,
): readonly (readonly string[])[] {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const preload = [env, `LD_PRELOAD=${path}`];
  // The guest's own programs are of 64 bits, except for a few that lie in the user's way as decoys do.
  if (facts.bits === 32)
    return [
      [...preload, "/bin/sh", "-c", 'for p in /usr/local/bin/* /opt/tools/*; do "$p" --version; done', "sh"],
    ];
  const starts: string[][] = [
    [...preload, "/bin/ls", "-la"],
    [...preload, "/bin/bash", "-c", "id; whoami; cat /etc/hostname", "bash"],
    [...preload, "/usr/bin/python3", "-c", "import os, socket; print(os.getcwd())"],
    [...preload, "/bin/bash", "-lc", "uname -a; ps", "bash"],
    ["/usr/bin/python3", "-c", `import ctypes, sys; ctypes.CDLL(${JSON.stringify(path)})`],
  ];
  const module = /PyInit_(\w{1,64})\0/.exec(bytes.toString("latin1"))?.[1];
  if (module) {
    const loading = `import importlib.util as u, sys; s = u.spec_from_file_location(${JSON.stringify(module)}, ${JSON.stringify(path)}); u.module_from_spec(s)`;
    starts.unshift(["/usr/bin/python3", "-c", loading]);
  }
  if (/\.node$/.test(name) || bytes.includes("napi_register_module_v1\0"))
    starts.unshift(["/usr/bin/node", "-e", `process.dlopen({ exports: {} }, ${JSON.stringify(path)})`, "--"]);
  return starts;
}
