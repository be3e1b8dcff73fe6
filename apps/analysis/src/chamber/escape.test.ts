/**
 * Ways out of a chamber, each tried by a small harmless program that says what it could do. None of them works.
 * A probe prints a line only where it got somewhere; DONE at its end shows that it ran.
 */
import assert from "node:assert/strict";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import test, { after, before } from "node:test";
import { needs } from "@thymus/testkit";
import { plainConditions } from "./index.ts";
import { ownMachines, type TestChamber, testChamber } from "./testing/in-chamber.ts";

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

/** Each is Python that calls say(TEXT) where something that must not work has worked. */
const probes: Readonly<Record<string, string>> = {
  "no network device leads out": `
for name in os.listdir("/sys/class/net"):
    if os.path.exists("/sys/class/net/" + name + "/device"): say("device " + name)
for kind, number in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW), (40, socket.SOCK_STREAM)):
    try:
        one = socket.socket(kind, number, socket.IPPROTO_ICMP if kind == socket.AF_INET else 0)
        if kind == 40: one.connect((2, 1024))
        say("socket %d" % kind)
    except OSError: pass
`,
  "no file of the host is mounted or can be": `
for line in open("/proc/self/mountinfo"):
    if any(kind in line for kind in (" 9p ", " virtiofs ", " nfs", " cifs ", " fuse")): say(line)
for kind in ("9p", "virtiofs", "ext4", "squashfs", "nfs", "tracefs", "debugfs", "proc", "sysfs", "overlay", "cgroup2"):
    if libc.mount(b"host", b"/tmp", kind.encode(), 0, b"trans=virtio") == 0: say("mounted " + kind)
`,
  "no device node of disks, memory, ports, console": `
for name in os.listdir("/dev"):
    if name not in "null zero full random urandom tty fd stdin stdout stderr shm pts ptmx core".split(): say("there is /dev/" + name)
for major, minor in ((254, 0), (254, 16), (254, 32), (253, 0), (252, 0), (1, 1), (1, 4), (4, 64), (10, 200)):
    kind = 0o060000 if major > 200 else 0o020000
    for place in ("/tmp/node", "/dev/node", "/dev/shm/node"):
        try: os.mknod(place, kind | 0o666, os.makedev(major, minor)); say("made a node %d:%d" % (major, minor))
        except OSError: pass
reads("/dev/mem", "/dev/port", "/dev/kmem", "/proc/kcore", "/dev/vda", "/dev/vdb", "/dev/vdc", "/sys/class/block/vdb/vdb", "/dev/ttyS0", "/dev/hvc0", "/dev/vport0p1")
`,
  "no way to QEMU's monitor, firmware or serial line": `
for folder, _, names in os.walk("/sys/firmware"):
    for name in names:
        if "fw_cfg" in folder and os.access(os.path.join(folder, name), os.R_OK): say(os.path.join(folder, name))
writes("/dev/ttyS0", "/dev/hvc0", "/dev/console", "/dev/kmsg", "/sys/class/tty/ttyS0/uevent")
if libc.iopl(3) == 0 or libc.ioperm(0x510, 4, 1) == 0: say("has ports")
for folder, _, names in os.walk("/sys/bus/pci/devices", followlinks=False):
    for device in os.listdir(folder):
        writes("/sys/bus/pci/devices/%s/resource0" % device, "/sys/bus/pci/devices/%s/config" % device, "/sys/bus/pci/devices/%s/remove" % device)
    break
`,
  "no way to become root": `
status = open("/proc/self/status").read()
for name in ("CapPrm", "CapEff", "CapAmb", "CapInh"):
    if int(status.split(name + ":")[1].split()[0], 16): say(name)
# Who is called root already gains nothing by asking to be it; what that name opens is tried below.
named = os.getuid() == 0
asked = () if named else (lambda: os.setuid(0), lambda: os.setgid(0))
for act in asked + (lambda: os.setgroups([0]), lambda: os.chroot("/tmp"), lambda: os.setuid(1)):
    try: act(); say("privilege")
    except OSError: pass
found = subprocess.run("find /usr/bin /usr/sbin -perm /6000 -type f", shell=True, capture_output=True, text=True).stdout.split()
for path in found:
    name = os.path.basename(path)
    if name in ("su", "mount", "umount", "chfn", "chsh", "newgrp", "passwd", "gpasswd"):
        got = subprocess.run([path, "-c", "id -u"] if name == "su" else [path, "--bind", "/tmp", "/mnt"] if name == "mount" else [path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, text=True)
        if name in ("su", "mount") and got.returncode == 0: say(path)
subprocess.run("cp /bin/sh /tmp/sh; chmod 6755 /tmp/sh", shell=True)
if not named and subprocess.run(["/tmp/sh", "-c", "id -u"], capture_output=True, text=True).stdout.strip() == "0": say("set-user-id")
reads("/etc/shadow", "/proc/1/environ", "/proc/1/maps", "/proc/1/mem", "/root/.profile")
`,
  "root of a user namespace gains nothing outside": `
number = os.fork()
if number == 0:
    user, group = os.getuid(), os.getgid()
    if libc.unshare(0x10000000 | 0x20000) == 0:
        for path, text in (("/proc/self/setgroups", "deny"), ("/proc/self/uid_map", "0 %d 1" % user), ("/proc/self/gid_map", "0 %d 1" % group)):
            try: open(path, "w").write(text)
            except OSError: pass
        reads("/etc/shadow", "/proc/kcore", "/proc/1/mem", "/dev/mem")
        writes("/etc/passwd", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger")
        for path in ("/tmp/root-disk", "/dev/shm/root-disk"):
            try: os.mknod(path, 0o060666, os.makedev(254, 0)); reads(path)
            except OSError: pass
        os.makedirs("/tmp/inside", exist_ok=True)
        for kind in ("ext4", "squashfs", "tracefs", "debugfs", "cgroup2", "bpf", "9p"):
            if libc.mount(b"/dev/vdb", b"/tmp/inside", kind.encode(), 0, 0) == 0:
                writes("/tmp/inside/tracing_on", "/tmp/inside/cgroup.procs", "/tmp/inside/cgroup.kill")
        for path in ("/", "/proc/1/root", "/proc/1/cwd"):
            if libc.mount(path.encode(), b"/tmp/inside", 0, 4096 | 16384, 0) == 0 and os.path.exists("/tmp/inside/newroot"): say("sees the guest's root by " + path)
        writes("/tmp/inside/etc/passwd")
    os._exit(0)
os.waitpid(number, 0)
`,
  "no way to change the kernel": `
writes("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches",
    "/sys/kernel/uevent_helper", "/proc/sys/kernel/printk", "/sys/power/state", "/proc/sys/kernel/hostname", "/proc/timer_list")
blank = ctypes.create_string_buffer(4096)
for name, number, words in (("init_module", 175, (blank, 100, b"")), ("finit_module", 313, (0, b"", 0)), ("kexec_load", 246, (0, 0, 0, 0)),
    ("kexec_file_load", 320, (0, 0, 0, b"", 0)), ("reboot", 169, (0xfee1dead, 672274793, 0x1234567, 0)), ("swapon", 167, (b"/tmp/x", 0)),
    ("settimeofday", 164, (blank, 0)), ("sethostname", 170, (b"x", 1)), ("acct", 163, (b"/tmp/x",)), ("open_by_handle_at", 304, (3, blank, 0)),
    ("perf_event_open", 298, (blank, -1, 0, -1, 0)), ("syslog", 103, (3, blank, 4096)), ("quotactl", 179, (0, 0, 0, 0)), ("pivot_root", 155, (b"/tmp", b"/tmp"))):
    if libc.syscall(number, *words) >= 0: say(name)
attributes = struct.pack("<IIQQ", 2, 2, 0, 0) + bytes(100)
for command in (5, 0):
    if libc.syscall(321, command, ctypes.create_string_buffer(attributes), len(attributes)) >= 0: say("bpf %d" % command)
`,
  "no way out of its cgroup, no hand on other processes": `
for folder, _, names in os.walk("/sys/fs/cgroup"):
    writes(*(os.path.join(folder, name) for name in names if name in ("cgroup.procs", "cgroup.kill", "memory.max", "pids.max", "cgroup.freeze")))
for name in os.listdir("/proc"):
    if not name.isdigit() or os.stat("/proc/" + name).st_uid == os.getuid(): continue
    try: os.kill(int(name), 0); say("may signal " + name)
    except OSError: pass
    if libc.ptrace(0x4206, int(name), 0, 0) == 0: say("may trace " + name)
    one = (ctypes.c_size_t * 2)(0, 0)
    if libc.syscall(438, libc.syscall(434, int(name), 0), 0, 0) >= 0: say("took a descriptor of " + name)
    for link in ("root", "cwd", "exe", "fd/0"):
        try: os.readlink("/proc/%s/%s" % (name, link)) and say("looks into " + name) if os.path.exists("/proc/%s/exe" % name) else None
        except OSError: pass
`,
  "the guest's own root, its job and its result are out of reach": `
up = "/"
for _ in range(8): up += "../"
for name in ("newroot", "squash", "space", "job", "out", "formats", "trace.sh", "init"):
    if os.path.exists(up + name): say("sees " + name)
folder = os.open("/", os.O_RDONLY)
os.makedirs("/tmp/cell", exist_ok=True)
try:
    os.chroot("/tmp/cell"); os.fchdir(folder); os.chdir(".."); say("left its root")
except OSError: pass
writes("/usr/bin/env", "/bin/sh", "/etc/passwd", "/etc/ld.so.preload", "/usr/bin/setpriv", "/etc/environment")
for path in ("/usr/bin/new", "/etc/new", "/sbin/new"):
    writes(path)
`,
  "no key of anybody else": `
for number in (-1, -2, -3, -4, -5):
    pass
for line in open("/proc/keys"):
    if " 0 " in line.split("keyring")[0] and "logon" in line: say(line)
blank = ctypes.create_string_buffer(4096)
for number in range(1, 64):
    if libc.syscall(250, 11, number, blank, 4096, 0) > 0: say("read key %d" % number)
`,
};

const start = `import ctypes, os, socket, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def say(text): print("REACHED", text, flush=True)
def reads(*paths):
    for path in paths:
        try:
            with open(path, "rb", buffering=0) as file:
                if file.read(16): say("reads " + path)
        except OSError: pass
def writes(*paths):
    for path in paths:
        try:
            with open(path, "ab", buffering=0) as file: file.write(b"0"); say("writes " + path)
        except OSError: pass
`;
const all = start.concat(
  ...Object.entries(probes).map(([name, text]) => `print("#", ${JSON.stringify(name)}, flush=True)\n${text}`),
  'print("DONE")\n',
);

for (const asRoot of [false, true])
  test(`no way out of a list works, as ${asRoot ? "root of a user namespace" : "an ordinary user"}`, {
    skip,
  }, async (context) => {
    const conditions = { ...plainConditions, asRoot };
    const result = await chamber.run(all, "python", { conditions, budgetSeconds: 200 });
    const lines = result.output.trim().split("\n");
    assert.equal(lines.at(-1), "DONE", result.output);
    for (const name of Object.keys(probes)) assert.ok(lines.includes(`# ${name}`), name);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("REACHED")),
      [],
      result.output,
    );
    context.diagnostic(`${Object.keys(probes).length} probes, none got anywhere`);
  });

/** Marks everything that a sample can reach, after it has said what marks of another it finds. */
const marker = `${start}import glob, time
mark = "thymus" + "mark"
found = []
for place in ("/tmp", "/var/tmp", "/dev/shm", "/home/sam", "/home/sam/Downloads", "/run", "/usr/local/bin", "/opt", "/srv", "/"):
    try: found += [place + "/" + name for name in os.listdir(place) if mark in name]
    except OSError: pass
ipc = open("/proc/sysvipc/shm").read() + open("/proc/sysvipc/msg").read() + open("/proc/sysvipc/sem").read()
if "1414" in ipc: found.append("ipc")
if mark in subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout.replace(os.path.basename(sys.argv[0]), ""): found.append("process")
if mark in open("/proc/keys").read(): found.append("key")
if mark in open("/proc/net/unix").read(): found.append("socket")
if mark in open("/proc/sys/kernel/hostname").read(): found.append("hostname")
if os.path.exists("/home/sam/.bashrc") and mark in open("/home/sam/.bashrc").read(): found.append("startup file")
try:
    if mark in os.getxattr("/home/sam", "user.mark").decode(): found.append("attribute")
except OSError: pass
boot = open("/proc/sys/kernel/random/uuid").read().strip()
print("FOUND", found)
print("DRAWN", boot, os.urandom(8).hex())
print("PID", os.getpid())
for place in ("/tmp", "/var/tmp", "/dev/shm", "/home/sam", "/home/sam/Downloads", "/run", "/usr/local/bin", "/opt", "/srv", "/"):
    try: open(place + "/" + mark, "w").write(mark * 100)
    except OSError: pass
try: os.setxattr("/home/sam", "user.mark", mark.encode())
except OSError: pass
open("/home/sam/.bashrc", "a").write("\\n# " + mark + "\\n")
libc.shmget(0x1414, 4096, 0o1666); libc.msgget(0x1414, 0o1666); libc.semget(0x1414, 1, 0o1666)
libc.syscall(248, b"user", mark.encode(), mark.encode(), len(mark), -4)
keep = socket.socket(socket.AF_UNIX); keep.bind("\\0" + mark)
memory = bytearray(mark.encode() * 2_000_000)
for path in ("/proc/sys/kernel/hostname", "/proc/sys/kernel/ns_last_pid"):
    try: open(path, "w").write(mark)
    except OSError: pass
if os.fork() == 0:
    os.setsid()
    libc.prctl(15, mark.encode(), 0, 0, 0)
    time.sleep(30)
time.sleep(1)
`;

test("a sample sees nothing of the one before it, nor of the one beside it", { skip }, async () => {
  const first = await chamber.run(marker, "python");
  const [second, third] = await Promise.all([chamber.run(marker, "python"), chamber.run(marker, "python")]);
  const drawn = new Set<string>();
  for (const { output } of [first, second!, third!]) {
    assert.match(output, /^FOUND \[\]$/m, output);
    drawn.add(/^DRAWN (.+)$/m.exec(output)![1]!);
  }
  assert.equal(drawn.size, 3, "each run draws its own random numbers");
});

test("the machine itself holds nothing: no network, no capability, no file but its own", {
  skip,
}, async () => {
  const running = chamber.run("#!/bin/sh\nsleep 20\n", "shell", { budgetSeconds: 40 });
  try {
    let own: string[] = [];
    for (let turn = 0; turn < 400 && own.length === 0; turn++) {
      own = await ownMachines();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(own.length, 1, "one QEMU");
    const process = `/proc/${own[0]}`;
    for (const kind of ["net", "mnt", "pid", "ipc", "uts", "user", "cgroup"])
      assert.notEqual(await readlink(`${process}/ns/${kind}`), await readlink(`/proc/self/ns/${kind}`), kind);
    const devices = (await readFile(`${process}/net/dev`, "utf8")).split("\n").slice(2).filter(Boolean);
    assert.deepEqual(
      devices.map((line) => line.split(":")[0]!.trim()),
      ["lo"],
    );
    const status = await readFile(`${process}/status`, "utf8");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      assert.match(status, new RegExp(`^${set}:\\s*0+$`, "m"));
    assert.match(status, /^NoNewPrivs:\s*1$/m);
    assert.match(status, /^Seccomp:\s*2$/m);
    const inside = await readdir(`${process}/root`);
    const expected = ["bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "m", "r", "sbin", "tmp", "usr"];
    assert.deepEqual(
      inside.filter((name) => !expected.includes(name)),
      [],
    );
    assert.deepEqual((await readdir(`${process}/root/m`)).sort(), ["fd", "initramfs", "kernel", "root"]);
    assert.deepEqual((await readdir(`${process}/root/r`)).sort(), ["input", "output"]);
    assert.deepEqual(
      (await readdir(`${process}/root/etc`)).filter((name) => !/^(alternatives|ld\.so\.cache)$/.test(name)),
      [],
    );
    const maps = (await readFile(`${process}/maps`, "utf8"))
      .split("\n")
      .filter((line) => line.includes("thymus-chamber"));
    assert.ok(maps.length > 0);
    for (const line of maps) assert.match(line, /^\S+ [r-][w-][x-]p /, "its memory is a private copy");
    // F_SEAL_WRITE and the others: what all machines start from cannot be written by anybody.
    await assert.rejects(writeFile(`${process}/root/m/fd/6`, "x"), "the saved memory is sealed");
  } finally {
    await running;
  }
});
