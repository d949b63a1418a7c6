// The relay that stands for a long way.
import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { closedPort, delayedRelay, gate, PeerGone, scriptedServer } from "../src/index.ts";
import { bytes, open } from "./client.ts";

// Timers may be a little early.
const SLACK = 5;

describe("the delayed relay", () => {
  test("takes two round trips to a greeting and one more to an answer", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.send("ready\r\n");
      for (;;) await peer.send(`you said ${await peer.readLine()}\r\n`);
    });
    await using relay = await delayedRelay({ host: server.host, port: server.port, milliseconds: 50 });
    const start = performance.now();
    const client = connect(relay);
    expect((await bytes(client, 7)).toString()).toBe("ready\r\n");
    expect(performance.now() - start).toBeGreaterThan(200 - SLACK);
    const asked = performance.now();
    client.write("a\r\n");
    expect((await bytes(client, 12)).toString()).toBe("you said a\r\n");
    expect(performance.now() - asked).toBeGreaterThan(100 - SLACK);
    client.destroy();
    await server.settled();
  });

  test("carries much more than a round trip's worth, in order, to the end of each side", async () => {
    const content = Buffer.alloc(8_000_000, "0123456789");
    let received: Buffer = Buffer.alloc(0);
    await using server = await scriptedServer(async (peer) => {
      received = await peer.readToEnd();
      await peer.send(content.subarray(1));
      peer.end();
    });
    await using relay = await delayedRelay({ host: server.host, port: server.port, milliseconds: 5 });
    const client = connect({ ...relay, allowHalfOpen: true });
    client.end(content);
    const answer = await buffer(client);
    expect(received.equals(content)).toBe(true);
    expect(answer.equals(content.subarray(1))).toBe(true);
  });

  test("shows each side that the other one has cut the connection", async () => {
    const { opened: noticed, open: notice } = gate();
    await using server = await scriptedServer(async (peer) => {
      if ((await peer.readLine()) === "go") peer.socket.resetAndDestroy();
      else await peer.readLine().finally(notice);
    });
    await using relay = await delayedRelay({ host: server.host, port: server.port, milliseconds: 5 });
    const first = await open(relay);
    first.write("go\r\n");
    expect(await once(first, "error")).toMatchObject([{ code: "ECONNRESET" }]);
    const second = await open(relay);
    second.write("stay\r\n", () => second.resetAndDestroy());
    await noticed;
    await server.settled();
    expect(server.errors).toEqual([expect.any(PeerGone)]);
  });

  test("cuts connections to a port on which nobody listens", async () => {
    await using relay = await delayedRelay({ host: "127.0.0.1", port: await closedPort(), milliseconds: 1 });
    const client = await open(relay);
    expect(await once(client, "error")).toMatchObject([{ code: "ECONNRESET" }]);
  });
});
