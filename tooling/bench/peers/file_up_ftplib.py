# The loop of ftplib's storbinary over a plain TCP connection: 8192 bytes read, then sendall.
import socket
import sys

from measure import measure

host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def work():
    with socket.create_connection((host, port)) as connection, open(path, "rb") as file:
        while True:
            buffer = file.read(8192)
            if not buffer:
                break
            connection.sendall(buffer)
        return int(connection.makefile("rb").readline())


measure("bytes", work)
