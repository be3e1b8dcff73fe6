# A harmless program that makes, renames, deletes and starts things in as many ways as Python offers. Works below its folder.
import ctypes, os, socket, struct, subprocess, threading

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100


def attempt(act):
    try:
        act()
    except OSError:
        pass


def touch(path, flags=os.O_CREAT | os.O_WRONLY, **more):
    os.close(os.open(path, flags, 0o644, **more))


# Files: plain, by a folder's descriptor, through a link, appended to, cut, copied, by openat2 and by creat.
os.makedirs("tree/below")
touch("tree/one")
with open("tree/two", "w") as file:
    file.write("two")
with open("tree/two", "a") as file:
    file.write("more")
folder = os.open("tree", os.O_RDONLY)
touch("three", dir_fd=folder)
touch("below/four", dir_fd=folder)
os.symlink("below", "tree/link")
touch("tree/link/five")
touch("tree/five", os.O_CREAT | os.O_RDWR | os.O_EXCL)
how = struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o644, 0)
os.close(libc.syscall(437, AT_FDCWD, b"tree/six", how, 24))
os.close(libc.syscall(85, b"tree/seven", 0o644))
os.truncate("tree/two", 1)
touch("tree/two", os.O_WRONLY | os.O_TRUNC)
os.mkfifo("tree/pipe")
os.mkdir("eight", dir_fd=folder)
# Names: rename in each form, hard links, deletions in each form.
os.rename("tree/one", "tree/uno")
os.rename("three", "drei", src_dir_fd=folder, dst_dir_fd=folder)
os.replace("tree/uno", "tree/below/eins")
libc.syscall(316, AT_FDCWD, b"tree/six", AT_FDCWD, b"tree/seven", 2)
os.link("tree/two", "tree/zwei")
os.link("drei", "trois", src_dir_fd=folder, dst_dir_fd=folder)
os.chmod("tree/two", 0o755)
os.utime("tree/two", (1, 1))
os.unlink("tree/zwei")
os.unlink("trois", dir_fd=folder)
os.rmdir("eight", dir_fd=folder)
os.chdir("tree/below")
os.unlink("../five")
touch("after-chdir")
os.fchdir(folder)
touch("after-fchdir")
os.chdir("..")


# Processes: fork, threads, a shell, posix_spawn (vfork), execveat, a child of a child.
def child(act):
    number = os.fork()
    if number == 0:
        act()
        os._exit(0)
    os.waitpid(number, 0)


child(lambda: touch("tree/by-child"))
child(lambda: child(lambda: touch("tree/by-grandchild")))
threads = [threading.Thread(target=lambda name=name: touch(f"tree/by-thread-{name}")) for name in "abc"]
for thread in threads:
    thread.start()
    thread.join()
subprocess.run(["/bin/sh", "-c", "echo x >tree/by-shell; mv tree/by-shell tree/by-mv; rm tree/by-mv; exit 3"])
os.waitpid(os.posix_spawn("/bin/true", ["true", "spawned"], {}), 0)


def by_descriptor():
    program = os.open("/bin/true", os.O_RDONLY)
    words = (ctypes.c_char_p * 3)(b"true", b"by-descriptor", None)
    none = (ctypes.c_char_p * 1)(None)
    libc.syscall(322, program, b"", words, none, 0x1000)


child(by_descriptor)

# Sockets: each family, connected, bound, sent to by sendto and sendmsg.
def attempt_on(family, kind, act):
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        attempt(lambda: act(one))


stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
attempt_on(socket.AF_INET, stream, lambda s: s.connect(("198.51.100.7", 8080)))
attempt_on(socket.AF_INET, stream, lambda s: s.connect(("127.0.0.1", 1)))
attempt_on(socket.AF_INET6, stream, lambda s: s.connect(("2001:db8::7", 443)))
attempt_on(socket.AF_INET6, stream, lambda s: s.connect(("::1", 2)))
attempt_on(socket.AF_UNIX, stream, lambda s: s.connect("/run/no-such-service"))
attempt_on(socket.AF_UNIX, stream, lambda s: s.connect("\0no-such-name"))
attempt_on(socket.AF_INET, stream, lambda s: (s.bind(("127.0.0.1", 40404)), s.listen(2)))
attempt_on(socket.AF_UNIX, stream, lambda s: s.bind("tree/socket"))
attempt_on(socket.AF_INET, datagram, lambda s: s.sendto(b"query", ("203.0.113.5", 53)))
attempt_on(socket.AF_INET, datagram, lambda s: s.sendmsg([b"a", b"b"], [], 0, ("203.0.113.6", 123)))
attempt_on(socket.AF_INET, datagram, lambda s: s.connect(("203.0.113.7", 53)))
attempt_on(socket.AF_INET6, datagram, lambda s: s.sendto(b"query", ("2001:db8::8", 5353)))
print("done")
