# A POP3 server of a maildrop that is listed, and no more; ready, so that it is never the slow side. Argument: how many
# messages.
import sys

from serve import serve

COUNT = int(sys.argv[1])


def block(lines):
    return b"".join(b"%s\r\n" % line for line in [b"+OK", *lines, b"."])


# As Dovecot has them.
REPLIES = {
    b"CAPA": block([b"TOP", b"UIDL", b"PIPELINING", b"USER"]),
    b"LIST": block(b"%d %d" % (number, 1000 + number) for number in range(1, COUNT + 1)),
    b"UIDL": block(b"%d %08x6b00bfa6" % (number, number) for number in range(1, COUNT + 1)),
}


def handle(connection):
    connection.sendall(b"+OK\r\n")
    rest, is_open = b"", True
    while is_open and (chunk := connection.recv(65536)):
        *commands, rest = (rest + chunk).split(b"\r\n")
        is_open = b"QUIT" not in commands
        connection.sendall(b"".join(REPLIES.get(command, b"+OK\r\n") for command in commands))


serve(handle)
