# Puts a long way around a server: holds every packet of the network namespace it runs in, then lets it go on.
# Arguments: milliseconds each way, the command of the server. Only for a namespace that is made for this.
import collections
import contextlib
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

# From linux/netlink.h, linux/netfilter/nfnetlink.h and nfnetlink_queue.h.
NETLINK_NETFILTER = 12
SO_RCVBUFFORCE = 33
NLM_F_REQUEST = 1
QUEUE_SUBSYSTEM = 3 << 8
PACKET, CONFIG, VERDICT_BATCH = 0, 2, 3
CONFIG_COMMAND, CONFIG_COPY, CONFIG_LENGTH, CONFIG_MASK, CONFIG_FLAGS = 1, 2, 3, 4, 5
BIND, COPY_META, WITHOUT_SEGMENTATION = 1, 1, 4
PACKET_HEADER, VERDICT_HEADER = 1, 2
ACCEPT = 1


def aligned(length):
    return length + 3 & ~3


def send(netlink, kind, *attributes):
    body = struct.pack("!BBH", socket.AF_UNSPEC, 0, 0)
    for number, value in attributes:
        body += struct.pack("=HH", 4 + len(value), number) + value.ljust(aligned(len(value)), b"\0")
    netlink.send(struct.pack("=IHHII", 16 + len(body), QUEUE_SUBSYSTEM | kind, NLM_F_REQUEST, 0, 0) + body)


def open_queue():
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    netlink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    send(netlink, CONFIG, (CONFIG_COMMAND, struct.pack("!BBH", BIND, 0, socket.AF_INET)))
    send(netlink, CONFIG, (CONFIG_COPY, struct.pack("!IB", 0, COPY_META)))
    send(netlink, CONFIG, (CONFIG_LENGTH, struct.pack("!I", 1 << 20)))
    flag = struct.pack("!I", WITHOUT_SEGMENTATION)
    send(netlink, CONFIG, (CONFIG_FLAGS, flag), (CONFIG_MASK, flag))
    return netlink


def packet_ids(messages):
    """The numbers of the packets that the kernel tells of."""
    start = 0
    while start < len(messages):
        length, kind = struct.unpack_from("=IH", messages, start)
        if kind == QUEUE_SUBSYSTEM | PACKET:
            at = start + 20
            while struct.unpack_from("=H", messages, at + 2)[0] != PACKET_HEADER:
                at += aligned(struct.unpack_from("=H", messages, at)[0])
            yield struct.unpack_from("!I", messages, at + 4)[0]
        else:
            raise RuntimeError(f"netlink message {kind}: {messages[start + 16 : start + length]}")
        start += aligned(length)


def hold_packets(netlink, delay):
    held = collections.deque()
    while True:
        left = max(0, held[0][0] - time.monotonic()) if held else None
        readable = select.select([netlink], [], [], left)[0]
        now = time.monotonic()
        if readable:
            held.extend((now + delay, number) for number in packet_ids(netlink.recv(1 << 20)))
        due = None
        while held and held[0][0] <= now:
            due = held.popleft()[1]
        if due is not None:
            # All that came before it goes too.
            send(netlink, VERDICT_BATCH, (VERDICT_HEADER, struct.pack("!II", ACCEPT, due)))


def end_with(server):
    os._exit(server.wait())


delay, command = float(sys.argv[1]) / 1000, sys.argv[2:]
# Ethernet's size: with loopback's own 64 KiB no congestion window would ever be in the way.
subprocess.run(["ip", "link", "set", "lo", "up", "mtu", "1500"], check=True)
# Where packets come in: those held where they go out count as not yet sent, and only two are under way then.
subprocess.run("iptables -A INPUT -i lo -j NFQUEUE --queue-num 0".split(), check=True)
queue = open_queue()
threading.Thread(target=end_with, args=[subprocess.Popen(command)], daemon=True).start()
# Not for the server: the way must not become longer where the machine has much to do.
with contextlib.suppress(PermissionError):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
hold_packets(queue, delay)
