# An echo server with Python's socketserver. Arguments: name of the server class, how many lines a connection has.
import socketserver
import sys

from reporting import announce

kind = sys.argv[1]
lines = int(sys.argv[2]) if len(sys.argv) > 2 else sys.maxsize


class EchoLines(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        for _, line in zip(range(lines), self.rfile):
            self.wfile.write(line)


class EchoDatagram(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.packet)


Server = getattr(socketserver, kind)
# The usual 5 would let connects of the load wait for a second, until they are repeated.
Server.request_queue_size = 128
with Server(("127.0.0.1", 0), EchoDatagram if "UDP" in kind else EchoLines) as server:
    announce(*server.server_address)
    server.serve_forever()
