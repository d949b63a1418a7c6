// The examples of README.md, run against scripted peers.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { dialogue, runExample, scriptedServer } from "@netcli/test-kit";
import { expect, it } from "vitest";

const readme = new URL("../README.md", import.meta.url);

it("echoes a line in the first example", async () => {
  await using server = await scriptedServer(async (peer) => peer.send(`${await peer.readLine()}\r\n`));
  expect(await runExample(readme, 0, { "echo.example.com": server })).toEqual(["hello"]);
});

it("pipelines two commands in the second example", async () => {
  await using server = await scriptedServer(
    dialogue("S: 220 ready\nC: NOOP\nC: NOOP\nS: 250 first\nS: 250-second\nS: 250 end"),
  );
  expect(await runExample(readme, 1, { "mail.example.com": server })).toEqual(["250 250"]);
  expect(server.errors).toEqual([]);
});

it("sends and receives a datagram in the third example", async () => {
  const server = createSocket("udp4", (data, { port, address }) => server.send(data, port, address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  const { address: host, port } = server.address();
  expect(await runExample(readme, 2, { "udp.example.com": { host, port } })).toEqual(["hello 127.0.0.1"]);
  server.close();
});
