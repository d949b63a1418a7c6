// Floods of datagrams, tiny, too large and too many: what can't be handled is dropped and counted, the rest answered.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  type ClientAddress,
  type DatagramRequest,
  ForkingUDPServer,
  type RequestHandlerClass,
  serveDatagram,
  ThreadingUDPServer,
  UDPServer,
} from "../src/index.ts";
import { handlers, memory } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const LIMIT = 8_192;
// The largest that IPv4 carries.
const LARGEST = 65_507;
const MEBIBYTE = 1_048_576;
const FLOOD = 10_000;

/** A server of datagrams, whatever its face. */
interface Running extends AsyncDisposable {
  readonly port: number;
  readonly errors: unknown[];
  /** Too large, or too many. */
  dropped(): number;
}

type PythonClass = new (
  address: readonly [string, number],
  Handler: RequestHandlerClass<DatagramRequest>,
) => UDPServer;

function python(Server: PythonClass): () => Promise<Running> {
  return async () => {
    const server = new Server(["127.0.0.1", 0], handlers.Reply);
    if (server instanceof ForkingUDPServer) server.maxChildren = 1;
    const errors: unknown[] = [];
    server.handleError = (_request, _from, error) => void errors.push(error);
    await server.listen();
    const serving = server.serveForever();
    return {
      port: server.serverAddress[1],
      errors,
      dropped: () => server.oversized + (server.socket?.dropped ?? 0),
      [Symbol.asyncDispose]: async () => {
        await server.shutdown();
        await server.serverClose({ deadline: 500 });
        await serving;
      },
    };
  };
}

function answer(data: Uint8Array): Promise<string | Uint8Array> {
  return handlers.reply(Buffer.from(data).toString());
}

async function plain(): Promise<Running> {
  const errors: unknown[] = [];
  const server = await serveDatagram(answer, {
    maxPacketSize: LIMIT,
    maxConcurrent: 100,
    onError: (error) => void errors.push(error),
  });
  return {
    port: server.address.port,
    errors,
    dropped: () => server.stats.dropped,
    [Symbol.asyncDispose]: () => server.shutdown({ deadline: 500 }),
  };
}

const faces: readonly (readonly [string, () => Promise<Running>])[] = [
  ["serveDatagram", plain],
  ["UDPServer", python(UDPServer)],
  ["ThreadingUDPServer", python(ThreadingUDPServer)],
  ["ForkingUDPServer", python(ForkingUDPServer)],
];

/** A client; its own mistakes are nobody's business. */
class Client implements AsyncDisposable {
  readonly socket: Socket = createSocket("udp4").on("error", () => undefined);
  readonly #port: number;

  constructor({ port }: Running) {
    this.#port = port;
  }

  /** Sends it so often, as fast as it goes. */
  async flood(data: string | Uint8Array, count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += 1) {
      this.socket.send(data, this.#port, "127.0.0.1");
      if (sent % 50 === 49) await turn();
    }
  }

  /** Asks until there is an answer, as clients of UDP must. */
  async ask(question: string): Promise<string> {
    const answered = once(this.socket, "message") as Promise<[Buffer, ClientAddress]>;
    const over = new AbortController();
    void answered.then(() => over.abort());
    while (!over.signal.aborted) {
      this.socket.send(question, this.#port, "127.0.0.1");
      await Promise.race([answered, sleep(20)]);
    }
    const [data] = await answered;
    return data.toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }
}

describe.each(faces)("%s", (_, start) => {
  test("answers others while it is flooded with datagrams of one byte or none", async () => {
    await using server = await start();
    await using guilty = new Client(server);
    await using client = new Client(server);
    const flood = Promise.all([guilty.flood("", 2_500), guilty.flood("x", 2_500)]);
    expect(await client.ask("meanwhile")).toBe("re: meanwhile");
    await flood;
    await using later = new Client(server);
    expect(await later.ask("afterwards")).toBe("re: afterwards");
    expect(server.errors).toEqual([]);
  });

  test("drops and counts what is too large, and survives answers that are", async () => {
    await using server = await start();
    await using guilty = new Client(server);
    await using client = new Client(server);
    await guilty.flood(new Uint8Array(LARGEST), 200);
    await guilty.flood("large", 10);
    await guilty.flood("fail", 10);
    expect(await client.ask("afterwards")).toBe("re: afterwards");
    // The kernel drops some, too.
    expect(server.dropped()).toBeGreaterThan(0);
    expect(server.dropped()).toBeLessThanOrEqual(200);
    while (server.errors.length < 20) await turn();
    const messages = server.errors.map((error) => (error as Error).message);
    expect(messages.filter((message) => message === "as planned")).toHaveLength(10);
    expect(messages.filter((message) => message === "the datagram is too large")).toHaveLength(10);
  });
});

// As many as Python's threads: ThreadingUDPServer has no bound.
test.each([
  ["serveDatagram", plain, "hold"],
  ["UDPServer", python(UDPServer), "hold"],
  ["ForkingUDPServer", python(ForkingUDPServer), "nap"],
])("%s keeps few of the datagrams that come faster than they are handled", async (_, start, question) => {
  await using server = await start();
  await using guilty = new Client(server);
  const before = memory();
  handlers.hold();
  await guilty.flood(question, FLOOD);
  expect(memory() - before).toBeLessThan(32 * MEBIBYTE);
  // Some thousands wait, or were handled meanwhile.
  expect(server.dropped()).toBeGreaterThan(FLOOD / 10);
  handlers.release();
  await using client = new Client(server);
  expect(await client.ask("afterwards")).toBe("re: afterwards");
  expect(server.errors).toEqual([]);
});
