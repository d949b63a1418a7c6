// Ours for the server jobs over TCP in Twisted's style: LineReceiver.
import { Factory, LineReceiver, listenTCP } from "../../../packages/socketserver/dist/index.js";
import { announce } from "../lib/serving.mjs";

class Echo extends LineReceiver {
  lineReceived(line) {
    this.sendLine(line);
  }
}

const { address, port } = (await listenTCP(0, Factory.forProtocol(Echo))).getHost();
announce(address, port);
