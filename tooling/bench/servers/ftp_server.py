# A small FTP server for loopback: every file has the same content, from memory, and uploads go nowhere.
import socket
import sys
from pathlib import Path

from serve import send_repeated, serve

size = int(sys.argv[1])
pattern = Path(sys.argv[2]).read_bytes()

FIXED = {
    "USER": "331 password please",
    "PASS": "230 logged in",
    "TYPE": "200 type set",
    "PWD": '257 "/" is the directory',
    "CWD": "250 there",
    "SIZE": f"213 {size}",
    "MDTM": "213 20260101000000",
    "FEAT": "211-Features:\r\n EPSV\r\n MDTM\r\n SIZE\r\n UTF8\r\n211 End",
    "OPTS": "200 fine",
    "SYST": "215 UNIX Type: L8",
    "NOOP": "200 fine",
    "QUIT": "221 goodbye",
}


def passive(form):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    port = listener.getsockname()[1]
    if form == "EPSV":
        return listener, f"229 entered (|||{port}|)"
    return listener, f"227 entered (127,0,0,1,{port >> 8},{port & 255})"


def swallow(data):
    buffer = bytearray(1024 * 1024)
    while data.recv_into(buffer):
        pass


def transfer(connection, listener, verb):
    connection.sendall(b"150 here it comes\r\n")
    with listener, listener.accept()[0] as data:
        data.settimeout(None)
        if verb == "RETR":
            send_repeated(data, pattern, size)
        else:
            swallow(data)
    return "226 done"


def handle(connection):
    connection.sendall(b"220 ready\r\n")
    listener = None
    for line in connection.makefile("r", encoding="utf-8", newline="\r\n"):
        verb = line.split()[0].upper() if line.strip() else ""
        if verb in ("PASV", "EPSV"):
            listener, reply = passive(verb)
        elif verb in ("RETR", "STOR") and listener:
            reply = transfer(connection, listener, verb)
            listener = None
        else:
            reply = FIXED.get(verb, "502 not known here")
        connection.sendall(reply.encode("ascii") + b"\r\n")
        if verb == "QUIT":
            return


serve(handle)
