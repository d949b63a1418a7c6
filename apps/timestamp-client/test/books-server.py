# The books' servers: one line of each connection, or each datagram, is answered.
import sys
from socketserver import DatagramRequestHandler, StreamRequestHandler, TCPServer, UDPServer
from time import ctime


class MyRequestHandler(StreamRequestHandler):
    def handle(self):
        print("...connected from:", self.client_address, flush=True)
        self.wfile.write(("[%s] %s" % (ctime(), self.rfile.readline().decode())).encode())


class MyDatagramHandler(DatagramRequestHandler):
    def handle(self):
        print("...received from:", self.client_address, flush=True)
        self.wfile.write(("[%s] %s" % (ctime(), self.rfile.readline().decode())).encode())


HOST = "127.0.0.1"
if sys.argv[1] == "udp":
    server = UDPServer((HOST, 0), MyDatagramHandler)
else:
    server = TCPServer((HOST, 0), MyRequestHandler)
print("waiting for connection on port", server.server_address[1], flush=True)
server.serve_forever()
