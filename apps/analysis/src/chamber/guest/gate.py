# The gate of the fake internet: whatever the sample connects to or sends a datagram to, on any address and port, comes
# to the sockets made here. Started by init as root, out of the sample's reach: gate.py PROGRAM WORDS...
# The kernel asks a small program (bpf, sk_lookup) where a connection belongs; what the sample itself listens to on
# the machine's own addresses stays its own. The server inherits: 3 and 4 listening sockets, 5 the datagrams.
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys

OWN4, OWN6 = "192.168.1.23", "fd6b:2c41:9d10::23"
HERE4, HERE6, HERE_PORT = "192.168.1.1", "fd6b:2c41:9d10::1", 9
LIMIT = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(321, command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf {command}")
    return result


def instruction(code, target=0, source=0, offset=0, value=0):
    return struct.pack("<BBhi", code, source << 4 | target, offset, value)


def signed(value):
    return value - (1 << 32) if value >= 1 << 31 else value


def lookup_program(sockets):
    """Instructions that give every connection to one of the sockets: 0 TCP, 1 TCP on IPv6, 2 UDP, 3 UDP on IPv6."""
    labels, code = {}, []
    # Fields of struct bpf_sk_lookup.
    family, protocol, local4, local6 = 8, 12, 40, 44
    load = lambda target, offset: code.append(("plain", instruction(0x61, target, 6, offset)))
    jump = lambda op, target, value, label: code.append(("jump", op, target, value, label))
    mark = lambda label: labels.__setitem__(label, len(code))
    plain = lambda *words, **more: code.append(("plain", instruction(*words, **more)))
    words6 = lambda text: struct.unpack("<4I", socket.inet_pton(socket.AF_INET6, text))
    plain(0xBF, 6, 1)  # r6 = context
    plain(0xB7, 7)  # r7 = number of the socket
    load(2, protocol)
    jump(0x55, 2, 17, "stream")
    plain(0xB7, 7, value=2)
    mark("stream")
    load(2, family)
    jump(0x15, 2, 10, "six")
    load(2, local4)
    plain(0x18, 3, value=signed(struct.unpack("<I", socket.inet_aton(OWN4))[0]))
    plain(0, value=0)
    jump(0x1D, 2, 3, "pass")
    plain(0x57, 2, value=0xFF)
    jump(0x15, 2, 127, "pass")
    jump(0x05, 0, 0, "give")
    mark("six")
    plain(0x07, 7, value=1)
    for number, own in enumerate(("::1", OWN6)):
        for index, word in enumerate(words6(own)):
            load(2, local6 + 4 * index)
            plain(0x18, 3, value=signed(word))
            plain(0, value=0)
            jump(0x5D, 2, 3, f"other{number}")
        jump(0x05, 0, 0, "pass")
        mark(f"other{number}")
    mark("give")
    plain(0x63, 10, 7, -4)
    plain(0x18, 1, 1, value=sockets)  # r1 = the map
    plain(0, value=0)
    plain(0xBF, 2, 10)
    plain(0x07, 2, value=-4)
    plain(0x85, value=1)  # map_lookup_elem
    jump(0x15, 0, 0, "pass")
    plain(0xBF, 7, 0)
    plain(0xBF, 1, 6)
    plain(0xBF, 2, 7)
    plain(0xB7, 3)
    plain(0x85, value=124)  # sk_assign
    plain(0xBF, 1, 7)
    plain(0x85, value=86)  # sk_release
    mark("pass")
    plain(0xB7, 0, value=1)
    plain(0x95)
    done = b""
    for index, one in enumerate(code):
        if one[0] == "plain":
            done += one[1]
        else:
            _, op, target, value, label = one
            # With a register the second operand is its number.
            source, constant = (value, 0) if op & 8 and op != 5 else (0, value)
            done += instruction(op, target, source, labels[label] - index - 1, constant)
    return done


def take_over(sockets):
    """Gives every connection and datagram of this network to the sockets, for as long as this process lives."""
    table = bpf(0, struct.pack("<IIIII", 15, 4, 8, len(sockets), 0).ljust(48, b"\0"))
    for index, one in enumerate(sockets):
        key, value = ctypes.c_uint32(index), ctypes.c_uint64(one.fileno())
        bpf(2, struct.pack("<IIQQQ", table, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    program = ctypes.create_string_buffer(lookup_program(table))
    licence, log = ctypes.create_string_buffer(b"GPL"), ctypes.create_string_buffer(65536)
    count = (len(program) - 1) // 8
    where = [ctypes.addressof(one) for one in (program, licence, log)]
    try:
        loaded = bpf(
            5, struct.pack("<IIQQIIQII16sII", 30, count, where[0], where[1], 1, 65536, where[2], 0, 0, b"gate", 0, 36)
        )
    except OSError:
        sys.stderr.write(log.value.decode()[-2000:])
        raise
    network = os.open("/proc/self/ns/net", os.O_RDONLY)
    return bpf(28, struct.pack("<IIII", loaded, network, 36, 0))


def free(one):
    """Lets a socket stand at an address that is routed here but belongs to no interface."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setsockopt(socket.IPPROTO_IPV6, 75, 1)  # IPV6_TRANSPARENT
    else:
        one.setsockopt(socket.IPPROTO_IP, 19, 1)  # IP_TRANSPARENT


def open_sockets():
    made = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for family, here in ((socket.AF_INET, HERE4), (socket.AF_INET6, HERE6)):
            one = socket.socket(family, kind)
            free(one)
            one.bind((here, HERE_PORT))
            if kind == socket.SOCK_STREAM:
                one.listen(512)
            elif family == socket.AF_INET:
                one.setsockopt(socket.IPPROTO_IP, 20, 1)  # IP_RECVORIGDSTADDR
            else:
                one.setsockopt(socket.IPPROTO_IPV6, 74, 1)  # IPV6_RECVORIGDSTADDR
            made.append(one)
    return made


def mapped(family, address):
    if family == socket.AF_INET6:
        return socket.inet_pton(family, address.split("%")[0])
    return b"\0" * 10 + b"\xff\xff" + socket.inet_aton(address)


def receive(one):
    """One datagram as a frame for the server: length, ports, addresses, content."""
    content, more, _, sender = one.recvmsg(65535, 256)
    for level, kind, data in more:
        if (level, kind) == (socket.IPPROTO_IP, 20):
            port, address = struct.unpack(">H", data[2:4])[0], socket.inet_ntoa(data[4:8])
        elif (level, kind) == (socket.IPPROTO_IPV6, 74):
            port, address = struct.unpack(">H", data[2:4])[0], socket.inet_ntop(socket.AF_INET6, data[8:24])
        else:
            continue
        head = struct.pack(">HH", sender[1], port) + mapped(one.family, sender[0]) + mapped(one.family, address)
        return struct.pack(">I", len(head) + len(content)) + head + content
    return b""


def send_back(frame):
    """Sends an answer of the server from where the sample had sent its datagram to."""
    to_port, from_port = struct.unpack(">HH", frame[:4])
    to, origin, content = frame[4:20], frame[20:36], frame[36:]
    family = socket.AF_INET if to.startswith(b"\0" * 10 + b"\xff\xff") else socket.AF_INET6
    text = lambda address: socket.inet_ntop(family, address[12:] if family == socket.AF_INET else address)
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        free(one)
        try:
            one.bind((text(origin), from_port))
            one.sendto(content, (text(to), to_port))
        except OSError:
            pass  # Nobody waits for it any more.


def relay(udp, server):
    """Carries datagrams to the server and its answers back. What the server cannot take in time is dropped."""
    waiting, heard = b"", b""
    for one in (*udp, server):
        one.setblocking(False)
    while True:
        readable, writable, _ = select.select([*udp, server], [server] if waiting else [], [])
        for one in readable:
            try:
                if one is not server:
                    frame = receive(one)
                    if len(waiting) + len(frame) <= LIMIT:
                        waiting += frame
                    continue
                got = server.recv(1 << 16)
            except OSError:
                continue
            if not got:
                return
            heard += got
            while len(heard) >= 4:
                length = struct.unpack(">I", heard[:4])[0]
                if len(heard) < 4 + length:
                    break
                send_back(heard[4 : 4 + length])
                heard = heard[4 + length :]
        if waiting:
            try:
                waiting = waiting[server.send(waiting) :]
            except BlockingIOError:
                pass


def main():
    sockets = open_sockets()
    take_over(sockets)
    here, there = socket.socketpair()
    inherited = [sockets[0].fileno(), sockets[1].fileno(), there.fileno()]

    def arrange():
        # Above the numbers that they shall have, so that none is overwritten.
        for number, fd in enumerate([os.dup2(fd, 60 + fd) for fd in inherited]):
            os.dup2(fd, 3 + number)

    subprocess.Popen(sys.argv[1:], close_fds=False, preexec_fn=arrange)
    there.close()
    relay(sockets[2:], here)


main()
