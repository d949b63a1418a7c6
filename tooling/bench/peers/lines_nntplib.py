# Lines the way nntplib reads them; written out because Python 3.13 dropped the module.
import socket
import sys

from measure import measure

MAXLINE = 2048
CRLF = b"\r\n"
host, port = sys.argv[1], int(sys.argv[2])


def getline(file):
    line = file.readline(MAXLINE + 1)
    if len(line) > MAXLINE:
        raise ValueError("line too long")
    if not line:
        raise EOFError
    if line[-2:] == CRLF:
        line = line[:-2]
    elif line[-1:] in CRLF:
        line = line[:-1]
    return line


def work():
    count = 0
    with socket.create_connection((host, port)) as connection, connection.makefile("rb") as file:
        try:
            while True:
                if len(getline(file).decode("utf-8", "surrogateescape")) != 98:
                    raise ValueError("wrong line")
                count += 1
        except EOFError:
            return count


measure("items", work)
