# Swallows the given number of bytes, then answers with one line: how many there were.
import sys

from serve import serve

size = int(sys.argv[1])


def handle(connection):
    buffer = bytearray(1024 * 1024)
    received = 0
    while received < size and (length := connection.recv_into(buffer)):
        received += length
    connection.sendall(b"%d\r\n" % received)
    connection.recv(1)  # The client closes.


serve(handle)
