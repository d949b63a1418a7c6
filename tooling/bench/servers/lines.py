# Sends the given number of lines of 100 bytes to everyone who connects, then closes.
import sys

from serve import send_repeated, serve

LINE = bytes(32 + i % 95 for i in range(98)) + b"\r\n"
count = int(sys.argv[1])
block = LINE * 10_000

serve(lambda connection: send_repeated(connection, block, count * len(LINE)))
