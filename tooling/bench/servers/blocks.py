# A POP3-like server: a greeting, then "RETR <kind>" is answered with "+OK" and a dot-terminated block.
import sys

from serve import send_repeated, serve


def mail_lines():
    # About 70 bytes each; one line in 50 begins with a dot, which makes it two on the wire.
    for number in range(15_000):
        text = bytes(97 + (number + i) % 26 for i in range(60 + number % 17))
        yield (b".." + text if number % 50 == 7 else text) + b"\r\n"


KINDS = {
    "mail": b"".join(mail_lines()),
    "dot-ab": b"..ab\r\n" * 170_000,
    "dot-only": b"..\r\n" * 250_000,
    "dot-alternate": b"x\r\n..\r\n" * 150_000,
}

wanted = int(sys.argv[1])
repeats = {kind: max(1, round(wanted / len(block))) for kind, block in KINDS.items()}
stuffed = {kind: (b"\r\n" + block).count(b"\r\n..") for kind, block in KINDS.items()}
wire = {kind: len(KINDS[kind]) * repeats[kind] for kind in KINDS}
body = {kind: wire[kind] - stuffed[kind] * repeats[kind] for kind in KINDS}


def handle(connection):
    connection.sendall(b"+OK ready\r\n")
    request = b""
    while not request.endswith(b"\r\n"):
        received = connection.recv(1024)
        if not received:
            return
        request += received
    kind = request.split()[1].decode("ascii")
    connection.sendall(b"+OK\r\n")
    send_repeated(connection, KINDS[kind], wire[kind])
    connection.sendall(b".\r\n")
    connection.recv(1024)  # The client closes.


serve(handle, wire=wire, body=body)
