# A dot-terminated block with poplib itself: a list of lines, one readline each.
import poplib
import sys

from measure import measure

host, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = poplib.POP3(host, port)

# The third result is the number of bytes after un-stuffing.
measure("bytes", lambda: client.retr(kind)[2])
