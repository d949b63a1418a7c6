# An SMTP server that takes every message, throws it away, and says how many bytes it had on the wire.
from serve import serve

END = b"\r\n.\r\n"
# Enough behind a piece of a message to find an end that two pieces share.
OVERLAP = len(END) - 1
GREETING = b"220 sink.example ESMTP\r\n"
HELLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
OK = b"250 2.0.0 fine\r\n"
REPLIES = {b"EHLO": HELLO, b"DATA": b"354 go ahead\r\n", b"QUIT": b"221 2.0.0 bye\r\n"}


class Session:
    """What it answers is sent when nothing more is there to be read: one write for many commands."""

    def __init__(self):
        self.rest = b""
        self.size = None
        self.is_open = True

    def take(self, chunk):
        """The replies to what came, all together."""
        self.rest += chunk
        replies = []
        while self.is_open and (reply := self.next_reply()):
            replies.append(reply)
        return b"".join(replies)

    def next_reply(self):
        return self.command() if self.size is None else self.message()

    def command(self):
        line, end, rest = self.rest.partition(b"\r\n")
        if not end:
            return None
        self.rest = rest
        verb = line[:4].upper()
        if verb == b"DATA":
            # The line end before an end may be that of the command: then the message is empty.
            self.rest, self.size = b"\r\n" + rest, -2
        self.is_open = verb != b"QUIT"
        return REPLIES.get(verb, OK)

    def message(self):
        end = self.rest.find(END)
        if end < 0:
            passed = max(0, len(self.rest) - OVERLAP)
            self.size += passed
            self.rest = self.rest[passed:]
            return None
        # Its last line end belongs to the message.
        size = self.size + end + 2
        self.rest, self.size = self.rest[end + len(END) :], None
        return b"250 2.0.0 %d bytes\r\n" % size


def handle(connection):
    session = Session()
    connection.sendall(GREETING)
    while session.is_open and (chunk := connection.recv(1 << 20)):
        if replies := session.take(chunk):
            connection.sendall(replies)


serve(handle)
