// The floor for servers in Node: bare node:net, one joined write per chunk. Argument: how many lines a connection has.
import { createServer } from "node:net";
import { announce } from "../lib/serving.mjs";

const lineLimit = 65_536;
const lines = Number(process.argv[2] ?? Infinity);

const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  let left = lines;
  socket.on("data", (chunk) => {
    const text = rest + chunk.latin1Slice();
    let replies = "";
    let start = 0;
    for (let feed = text.indexOf("\n"); feed !== -1 && left > 0; feed = text.indexOf("\n", start)) {
      const line = text.slice(start, text.charCodeAt(feed - 1) === 13 ? feed - 1 : feed);
      replies += `${line}\r\n`;
      start = feed + 1;
      left--;
    }
    rest = text.slice(start);
    if (rest.length > lineLimit) socket.destroy(new Error("line too long"));
    else if (left === 0) socket.end(replies, "latin1");
    else if (replies !== "") socket.write(replies, "latin1");
  });
  // A load that failed or was ended: the runner reports it.
  socket.on("error", () => socket.destroy());
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 511 }, () =>
  announce("127.0.0.1", server.address().port),
);
