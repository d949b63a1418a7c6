// connectionLost: exactly once, with a reason where there is one; and pausing, by the protocol or by a slow client.
import { ConnectionClosedError, TimeoutError } from "@netcli/core-transport";
import { gate } from "@netcli/test-kit";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { ListenTCPOptions } from "../src/index.ts";
import { NotingProtocol, type Stage, stage } from "./twisted-face.ts";

const failure = new Error("as planned");

/** Says hello, and sends back what it gets. */
class Echo extends NotingProtocol {
  override connectionMade(): void {
    this.transport.write("hello\n");
  }
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

/** Connects, lets this happen, and says how the connection was lost; the server and its client are gone by then. */
async function lossOf(
  make: () => NotingProtocol,
  happen: (one: Stage<NotingProtocol>, socket: Socket) => void,
  options: ListenTCPOptions = {},
): Promise<{ reasons: unknown[]; errors: unknown[] }> {
  await using one = await stage(make, options);
  const client = await one.client();
  await client.readLine();
  happen(one, client.socket as Socket);
  await one.protocol().lost;
  await client.close();
  await one.port.stopListening();
  const reasons = one.protocol().losses.map(({ reason }) => reason);
  return { reasons, errors: one.errors };
}

describe("connectionLost is called once", () => {
  test("without a reason where the client ends its side", async () => {
    const lost = await lossOf(
      () => new Echo(),
      (_one, socket) => void socket.end(),
    );
    expect(lost).toEqual({ reasons: [undefined], errors: [] });
  });

  test("without a reason where we end it", async () => {
    const lost = await lossOf(
      () => new Echo(),
      (one) => one.protocol().transport.loseConnection(),
    );
    expect(lost).toEqual({ reasons: [undefined], errors: [] });
  });

  test("without a reason where we abort it, even after we had begun to end it", async () => {
    const lost = await lossOf(
      () => new Echo(),
      (one) => {
        // More than the kernel takes.
        one.protocol().transport.write(new Uint8Array(20_000_000));
        one.protocol().transport.loseConnection();
        one.protocol().transport.abortConnection();
      },
    );
    expect(lost).toEqual({ reasons: [undefined], errors: [] });
  });

  test("without a reason where the server stops listening", async () => {
    const lost = await lossOf(
      () => new Echo(),
      (one) => void one.port.stopListening(),
    );
    expect(lost).toEqual({ reasons: [undefined], errors: [] });
  });

  test("with a ConnectionClosedError where the client resets it", async () => {
    const { reasons, errors } = await lossOf(
      () => new Echo(),
      (_one, socket) => void socket.resetAndDestroy(),
    );
    expect(reasons).toEqual([expect.any(ConnectionClosedError)]);
    expect(errors).toEqual(reasons);
  });

  test("with a TimeoutError where the client says nothing for too long", async () => {
    const { reasons, errors } = await lossOf(
      () => new Echo(),
      () => undefined,
      { timeouts: { idle: 30 } },
    );
    expect(reasons).toEqual([expect.any(TimeoutError)]);
    expect(errors).toEqual(reasons);
  });

  test("with a TimeoutError where the connection lasts too long, even if the protocol has paused it", async () => {
    class Paused extends Echo {
      override dataReceived(): void {
        this.transport.pauseProducing();
      }
    }
    const { reasons, errors } = await lossOf(
      () => new Paused(),
      (_one, socket) => void socket.write("hello"),
      { timeouts: { total: 100 } },
    );
    expect(reasons).toEqual([expect.any(TimeoutError)]);
    expect(errors).toEqual(reasons);
  });

  test("with a TimeoutError where we end it and the client does not take what was written", async () => {
    class Leaving extends Echo {
      override connectionMade(): void {
        super.connectionMade();
        this.transport.write(new Uint8Array(20_000_000));
        this.transport.loseConnection();
      }
    }
    const { reasons, errors } = await lossOf(
      () => new Leaving(),
      () => undefined,
      { timeouts: { idle: 100 } },
    );
    expect(reasons).toEqual([expect.any(TimeoutError)]);
    expect(errors).toEqual(reasons);
  });

  test("with what dataReceived throws, which the server is told as well", async () => {
    class Failing extends Echo {
      override dataReceived(): void {
        throw failure;
      }
    }
    const lost = await lossOf(
      () => new Failing(),
      (_one, socket) => void socket.write("hello"),
    );
    expect(lost).toEqual({ reasons: [failure], errors: [failure] });
  });

  test("with what dataReceived throws after it has ended the connection", async () => {
    class Failing extends Echo {
      override dataReceived(): void {
        this.transport.loseConnection();
        throw failure;
      }
    }
    const lost = await lossOf(
      () => new Failing(),
      (_one, socket) => void socket.write("hello"),
    );
    expect(lost).toEqual({ reasons: [failure], errors: [failure] });
  });

  test("with what connectionMade throws, behind what it has written", async () => {
    class Failing extends Echo {
      override connectionMade(): void {
        super.connectionMade();
        throw failure;
      }
    }
    const lost = await lossOf(
      () => new Failing(),
      () => undefined,
    );
    expect(lost).toEqual({ reasons: [failure], errors: [failure] });
  });

  test("and what it throws itself is told to the server", async () => {
    class Failing extends Echo {
      override connectionLost(reason: Error | undefined): void {
        super.connectionLost(reason);
        throw failure;
      }
    }
    const lost = await lossOf(
      () => new Failing(),
      (_one, socket) => void socket.end(),
    );
    expect(lost).toEqual({ reasons: [undefined], errors: [failure] });
  });
});

describe("pausing", () => {
  test("in connectionMade holds back the first bytes until resumeProducing", async () => {
    const received: string[] = [];
    class Waiting extends Echo {
      override connectionMade(): void {
        this.transport.pauseProducing();
        super.connectionMade();
      }
      override dataReceived(data: Uint8Array): void {
        received.push(Buffer.from(data).toString());
        this.transport.write(data);
      }
    }
    await using one = await stage(() => new Waiting());
    await using client = await one.client();
    await client.readLine();
    expect(one.protocol().transport.paused).toBe(true);
    await client.writeLine("early");
    // The kernel has it before the turn in which this second connection is accepted.
    await using second = await one.client();
    await second.readLine();
    expect(received).toEqual([]);
    one.protocols[0]?.transport.resumeProducing();
    expect(one.protocols[0]?.transport.paused).toBe(false);
    expect(await client.readLine()).toBe("early");
    one.protocols[1]?.transport.resumeProducing();
  });

  test("while it waits for bytes holds them back, too, and again after a resume that did not last", async () => {
    const received: string[] = [];
    class Noting extends Echo {
      override dataReceived(data: Uint8Array): void {
        received.push(Buffer.from(data).toString());
        super.dataReceived(data);
      }
    }
    await using one = await stage(() => new Noting());
    await using client = await one.client();
    await client.readLine();
    const { transport } = one.protocol();
    transport.pauseProducing();
    transport.pauseProducing();
    await client.writeLine("late");
    for (let round = 0; round < 3; round += 1) {
      await using other = await one.client();
      await other.readLine();
      transport.resumeProducing();
      transport.pauseProducing();
    }
    expect(received).toEqual([]);
    transport.resumeProducing();
    expect(await client.readLine()).toBe("late");
  });

  test("holds the end of the client's side back, so that what is still there can be answered", async () => {
    const paused = gate();
    class Slow extends Echo {
      override dataReceived(data: Uint8Array): void {
        this.transport.pauseProducing();
        super.dataReceived(data);
        paused.open();
      }
    }
    await using one = await stage(() => new Slow());
    await using client = await one.client();
    await client.readLine();
    await client.write("last words");
    client.end();
    await paused.opened;
    await using other = await one.client();
    await other.readLine();
    expect(one.protocols[0]?.losses).toEqual([]);
    one.protocols[0]?.transport.write(", and more");
    one.protocols[0]?.transport.resumeProducing();
    expect(await client.readToEnd().text()).toBe("last words, and more");
    expect(one.protocols[0]?.losses).toEqual([{ reason: undefined }]);
  });

  test("comes by itself for a client that does not read: it is not read from", async () => {
    class Generous extends Echo {
      received = 0;
      override dataReceived(data: Uint8Array): void {
        this.received += data.length;
        // Ten times as much as it gets.
        for (let count = 0; count < 10; count += 1) this.transport.write(data);
      }
    }
    await using one = await stage(() => new Generous());
    await using client = await one.client();
    const megabyte = new Uint8Array(1_000_000);
    let isStuck = false;
    const total = 40;
    const saying = (async () => {
      for (let count = 0; count < total; count += 1) await client.write(megabyte);
      client.end();
    })();
    // As soon as nothing moves any more, both ways are full.
    for (let before = -1; !isStuck;) {
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
      const { received } = one.protocols[0] ?? { received: 0 };
      isStuck = received > 0 && received === before;
      before = received;
    }
    const received = one.protocol().received;
    expect(received).toBeLessThan((total * megabyte.length) / 2);
    let bytes = -"hello\n".length;
    for await (const chunk of client.readToEnd()) bytes += chunk.length;
    await saying;
    expect(bytes).toBe(10 * total * megabyte.length);
  });
});
