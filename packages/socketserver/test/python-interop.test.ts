// Python's own socketserver and socket against us: the timestamp server of the books in both languages, TCP and UDP.
import { connect, openDatagram } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import {
  DatagramRequestHandler,
  StreamRequestHandler,
  ThreadingTCPServer,
  type UDPServer,
} from "../src/index.ts";
import { anywhere, NotingTCPServer, NotingUDPServer, started } from "./python-face.ts";
import { hasPython, Python } from "./python.ts";

const host = "127.0.0.1";
const stamped = /^\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] hello$/;

const tcpServer = `
import socketserver, time

class MyRequestHandler(socketserver.StreamRequestHandler):
    def handle(self):
        print('connected from:', self.client_address[0])
        for line in self.rfile:
            self.wfile.write(b'[%s] %s' % (time.ctime().encode(), line))

with socketserver.ThreadingTCPServer(('${host}', 0), MyRequestHandler) as server:
    print(server.server_address[1])
    server.serve_forever()
`;

const udpServer = `
import socketserver, time

class MyRequestHandler(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(b'[%s] %s' % (time.ctime().encode(), self.rfile.read()))

with socketserver.UDPServer(('${host}', 0), MyRequestHandler) as server:
    print(server.server_address[1])
    server.serve_forever()
`;

const tcpClient = `
import socket, sys

for word in sys.argv[2:]:
    with socket.create_connection(('${host}', int(sys.argv[1]))) as sock:
        sock.sendall(word.encode() + b'\\r\\n')
        sock.shutdown(socket.SHUT_WR)
        with sock.makefile('rb') as replies:
            print(replies.read())
`;

const crowd = `
import socket, sys

socks = [socket.create_connection(('${host}', int(sys.argv[1]))) for _ in range(30)]
for number, sock in reversed(list(enumerate(socks))):
    sock.sendall(b'number %d\\n' % number)
for number, sock in enumerate(socks):
    with sock, sock.makefile('rb') as replies:
        assert replies.readline() == b'number %d\\r\\n' % number
print('all were served')
`;

const udpClient = `
import socket, sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.settimeout(5)
    for word in sys.argv[2:]:
        sock.sendto(word.encode(), ('${host}', int(sys.argv[1])))
        reply, address = sock.recvfrom(8192)
        print(reply, address[1] == int(sys.argv[1]))
`;

/** The books' handler in our words. */
class Stamping extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) await this.wfile.writeLine(`[stamp] ${line}`);
  }
}

class StampingDatagrams extends DatagramRequestHandler {
  override handle(): void {
    this.wfile.write("[stamp] ");
    this.wfile.write(this.rfile.read());
  }
}

class Echo extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) await this.wfile.writeLine(line);
  }
}

const portOf = ({ serverAddress: [, port] }: Pick<UDPServer, "serverAddress">): number => port;

describe.skipIf(!hasPython)("a Python server", () => {
  test("of the books gives our client a timestamp for each line, several clients at once", async () => {
    await using python = new Python(tcpServer);
    const port = Number(await python.line());
    await using first = await connect({ host, port });
    await using second = await connect({ host, port });
    for (const client of [second, first, second]) {
      await client.writeLine("hello");
      expect(await client.readLine()).toMatch(stamped);
    }
    expect(await python.line()).toBe(`connected from: ${host}`);
  });

  test("of datagrams gives our client a timestamp", async () => {
    await using python = new Python(udpServer);
    const port = Number(await python.line());
    await using client = await openDatagram({ peer: { host, port } });
    for (let left = 2; left > 0; left -= 1) {
      await client.send("hello");
      const { data } = await client.receive({ timeout: 5_000 });
      expect(Buffer.from(data).toString()).toMatch(stamped);
    }
  });
});

describe.skipIf(!hasPython)("a Python client", () => {
  test("that ends its side gets its answer from our TCPServer, one after the other", async () => {
    await using server = await started(new NotingTCPServer(Stamping));
    await using python = new Python(tcpClient, portOf(server), "hello", "again");
    expect(await python.rest()).toEqual([String.raw`b'[stamp] hello\r\n'`, String.raw`b'[stamp] again\r\n'`]);
    expect(server.errors).toEqual([]);
    expect(server.stats).toMatchObject({ accepted: 2, failed: 0 });
  });

  test("with thirty connections at once is served by our ThreadingTCPServer in any order", async () => {
    await using server = await started(new ThreadingTCPServer(anywhere, Echo));
    await using python = new Python(crowd, portOf(server));
    expect(await python.rest()).toEqual(["all were served"]);
    expect(server.stats).toMatchObject({ accepted: 30, failed: 0 });
  });

  test("gets datagrams back from our UDPServer, from the address that it asked", async () => {
    await using server = await started(new NotingUDPServer(StampingDatagrams));
    await using python = new Python(udpClient, portOf(server), "hello", "again");
    expect(await python.rest()).toEqual(["b'[stamp] hello' True", "b'[stamp] again' True"]);
    expect(server.errors).toEqual([]);
  });
});
