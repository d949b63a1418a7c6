# A line echo server with Twisted's LineReceiver.
import json
import os
import sys

from reporting import announce

try:
    from twisted.internet import protocol, reactor
    from twisted.protocols.basic import LineReceiver
except ImportError:
    # The Debian package serves the Python of Debian, which need not be the first one on PATH.
    system = "/usr/bin/python3"
    if os.path.exists(system) and sys.executable != system:
        os.execv(system, [system, "-B", *sys.argv])
    print(json.dumps({"skipped": "no Twisted; it is in the package python3-twisted"}), flush=True)
    sys.exit()


class Echo(LineReceiver):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)

    def lineReceived(self, line):
        self.sendLine(line)


port = reactor.listenTCP(0, protocol.Factory.forProtocol(Echo), backlog=128, interface="127.0.0.1")
reactor.callWhenRunning(announce, "127.0.0.1", port.getHost().port)
reactor.run()
