/** Samples that attack their tracer, go around it or flood it, and then do one telling act: it is in the trace. */
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { TraceEvent } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { type TestChamber, testChamber } from "../testing/in-chamber.ts";

const skip = needs("qemu", "bwrap", "root", "apt");
let chamber: TestChamber;

before(
  async () => {
    if (!skip) chamber = await testChamber();
  },
  { timeout: 900_000 },
);
after(async () => {
  await chamber?.close();
});

const python = `import ctypes, mmap, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
def telling():
    with open(os.path.expanduser("~/diary"), "w") as file: file.write("told")
    with socket.socket() as one:
        one.settimeout(1)
        try: one.connect(("198.51.100.7", 8080))
        except OSError: pass
    os.spawnv(os.P_WAIT, "/bin/true", ["true", "telling"])
`;

function assertTold(trace: readonly TraceEvent[], output: string): void {
  const seen = (what: TraceEvent["what"], text: string) =>
    assert.ok(
      trace.some((event) => event.what === what && `${event.path} ${event.detail}`.includes(text)),
      `no ${what} ${text} in the trace; the sample said: ${output}`,
    );
  seen("open-write", "/home/sam/diary create");
  seen("connect", "198.51.100.7 port 8080");
  seen("exec", "true telling");
}

test("killing, tracing and switching off: the act after it is told", { skip }, async () => {
  const result = await chamber.run(
    `${python}
for number in range(1, 300):
    if number != os.getpid():
        for request in (16, 0x4206): libc.ptrace(request, number, 0, 0)
libc.kill(-1, 9)
for path in ("/sys/kernel/tracing/tracing_on", "/sys/kernel/debug/tracing/tracing_on", "/proc/sys/kernel/ftrace_enabled"):
    try: open(path, "w").write("0")
    except OSError: pass
if os.fork() == 0:
    libc.unshare(0x10000000 | 0x20000)
    libc.mount(b"tracefs", b"/mnt", b"tracefs", 0, 0)
    try: open("/mnt/tracing_on", "w").write("0"); print("OFF")
    except OSError: pass
    os._exit(0)
os.wait()
libc.prctl(15, b"init", 0, 0, 0)
telling()
`,
    "python",
  );
  assertTold(result.trace, result.output);
  assert.equal(result.output, "");
  assert.ok(result.trace.some((event) => event.what === "ptrace" && event.detail === "ATTACH process 1"));
  assert.ok(result.trace.some((event) => event.what === "kill" && event.detail === "signal KILL process -1"));
});

test("floods of each class: beginning, act and count of what was lost are told", { skip }, async () => {
  const result = await chamber.run(
    `${python}
open("first", "w").close()
for _ in range(30000): os.close(os.open("/etc/passwd", os.O_RDONLY))
for turn in range(12000): os.rename("first", "second"); os.rename("second", "first")
parent = os.getppid()
for _ in range(80000): libc.kill(parent, 0)
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for turn in range(24000):
    try: one.connect(("192.0.2.1", 1 + turn % 60000))
    except OSError: pass
telling()
print("end")
`,
    "python",
    { budgetSeconds: 300 },
  );
  assert.match(result.output, /end\n$/);
  assertTold(result.trace, result.output);
  assert.ok(result.trace.some((event) => event.what === "open-write" && event.path?.endsWith("/first")));
  const lost = result.trace.filter((event) => event.what === "lost").map((event) => event.detail ?? "");
  for (const kind of ["process", "write", "network", "read"])
    assert.ok(
      lost.some((detail) => detail.includes(` ${kind} events until`)),
      `${kind}: ${lost.join("; ")}`,
    );
  assert.ok(result.traceLost > 10_000);
});

test("a 32-bit call, an io_uring and a new name of the process hide nothing", { skip }, async () => {
  const result = await chamber.run(
    `${python}
# mkdir(2) as a 32-bit system call: its number is 39, its name lies below 4 GiB.
libc.mmap.restype = ctypes.c_void_p
low = libc.mmap(ctypes.c_void_p(0), 4096, 7, 0x62, -1, 0)
ctypes.memmove(low + 2048, b"/tmp/by-32\\0", 11)
code = b"\\x53\\xb8" + struct.pack("<I", 39) + b"\\xbb" + struct.pack("<I", low + 2048) + b"\\xb9\\xed\\x01\\0\\0\\xcd\\x80\\x5b\\xc3"
ctypes.memmove(low, code, len(code))
ctypes.CFUNCTYPE(ctypes.c_int)(low)()
# kill(2) likewise, of nobody by signal 0.
code = b"\\x53\\xb8" + struct.pack("<I", 37) + b"\\xbb\\x01\\0\\0\\0\\xb9\\0\\0\\0\\0\\xcd\\x80\\x5b\\xc3"
ctypes.memmove(low, code, len(code))
ctypes.CFUNCTYPE(ctypes.c_int)(low)()

params = bytearray(120)
buffer = (ctypes.c_char * 120).from_buffer(params)
ring = libc.syscall(425, 8, buffer)
if ring < 0: raise SystemExit("no io_uring")
field = lambda at: struct.unpack_from("<I", params, at)[0]
array, entries, = field(40 + 24), field(0)
queue = mmap.mmap(ring, array + 4 * entries, mmap.MAP_SHARED, 3, offset=0)
slots = mmap.mmap(ring, 64 * entries, mmap.MAP_SHARED, 3, offset=0x10000000)
keep = []
def ask(opcode, fd, address, length=0, second=0, flags=0, force=True):
    tail = struct.unpack_from("<I", queue, field(40 + 4))[0]
    at = tail % entries
    slots[64 * at:64 * at + 64] = struct.pack("<BBHiQQIIQHHiQQ", opcode, 16 if force else 0, 0, fd, second, address, length, flags, 0, 0, 0, 0, 0, 0)
    struct.pack_into("<I", queue, array + 4 * at, at)
    struct.pack_into("<I", queue, field(40 + 4), tail + 1)
    libc.syscall(426, ring, 1, tail + 1, 1, 0, 0)
def name(text):
    keep.append(ctypes.create_string_buffer(text))
    return ctypes.addressof(keep[-1])
cwd = -100
ask(18, cwd, name(b"/tmp/by-ring"), 0o644, 0, os.O_CREAT | os.O_WRONLY)
ask(35, cwd, name(b"/tmp/by-ring"), cwd & 0xffffffff, name(b"/tmp/renamed-by-ring"))
ask(36, cwd, name(b"/tmp/renamed-by-ring"))
print(os.path.isdir("/tmp/by-32"), os.path.exists("/tmp/by-ring"), os.path.exists("/tmp/renamed-by-ring"))
telling()
`,
    "python",
  );
  assert.match(result.output, /^True False False\n$/);
  const told = result.trace.map((event) => `${event.what} ${event.path ?? ""} ${event.detail ?? ""}`.trim());
  for (const wanted of [
    "mkdir /tmp/by-32",
    "kill  signal 0 process 1",
    "prctl  io_uring_setup",
    "open-write /tmp/by-ring create",
    "rename /tmp/by-ring /tmp/renamed-by-ring",
    "unlink /tmp/renamed-by-ring",
  ])
    assert.ok(told.includes(wanted), `${wanted} in ${told.join("\n")}`);
  assertTold(result.trace, result.output);
});
