# The books' client: a new connection for each line that is typed.
import sys
from socket import AF_INET, SOCK_STREAM, socket

HOST = "localhost"
PORT = int(sys.argv[1])
BUFSIZ = 1024
ADDR = (HOST, PORT)

while True:
    tcpCliSock = socket(AF_INET, SOCK_STREAM)
    tcpCliSock.connect(ADDR)
    data = input("> ")
    if not data:
        break
    tcpCliSock.send(("%s\r\n" % data).encode())
    data = tcpCliSock.recv(BUFSIZ)
    if not data:
        break
    print(data.decode().strip())
    tcpCliSock.close()
tcpCliSock.close()
