// How a server of Python's face begins to serve and stops: serveForever, handleRequest, shutdown, serverClose.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Clerk, Desk } from "./desk.ts";

const failure = new Error("as planned");
const soon = 20;

/** A desk whose clerk takes a request and waits; `begun` says that it has it. */
function slowDesk(): { desk: Desk; begun: Promise<void>; finish: () => void; handled: string[] } {
  const begin = gate();
  const end = gate();
  const handled: string[] = [];
  class Slow extends Clerk {
    override async handle(): Promise<void> {
      begin.open();
      await end.opened;
      handled.push(this.request);
    }
  }
  return { desk: new Desk(Slow), begun: begin.opened, finish: end.open, handled };
}

/** A desk whose clerk does this. */
function deskOf(handle: (desk: Desk, request: string) => void | Promise<void>): Desk {
  class Doing extends Clerk {
    override handle(): void | Promise<void> {
      return handle(this.server, this.request);
    }
  }
  return new Desk(Doing);
}

describe("serveForever", () => {
  test("puts the server on its address, once, however often it is asked to", async () => {
    const desk = new Desk(Clerk);
    await Promise.all([desk.listen(), desk.listen()]);
    let hasReturned = false;
    void desk.serveForever().then(() => (hasReturned = true));
    await desk.shutdown();
    expect(hasReturned).toBe(true);
    expect(desk.did).toEqual(["serverActivate"]);
  });

  test("rejects with what listening rejects with, as handleRequest does", async () => {
    const desk = new Desk(Clerk);
    desk.serverActivate = () => Promise.reject(failure);
    expect(await failureOf(desk.serveForever())).toBe(failure);
    expect(await failureOf(desk.handleRequest())).toBe(failure);
    await desk.shutdown();
    await desk.serverClose();
  });

  test("begins the next request when the one before has ended", async () => {
    const { desk, begun, finish, handled } = slowDesk();
    const serving = desk.serveForever();
    desk.put("a", "b");
    await begun;
    await new Promise(setImmediate);
    expect(desk.did).not.toContain("verify b");
    finish();
    while (handled.length < 2) await new Promise(setImmediate);
    await desk.shutdown();
    await serving;
    expect(handled).toEqual(["a", "b"]);
  });

  test("returns when a request asks for it by its handler, which may wait for the shutdown", async () => {
    const desk = deskOf(async (server) => {
      await server.shutdown();
      server.did.push("shut down by the handler");
    });
    desk.put("a", "b");
    await desk.serveForever();
    expect(desk.did).toContain("shut down by the handler");
    expect(desk.did).not.toContain("verify b");
    expect(desk.errors).toEqual([]);
  });

  test("may be called again after a shutdown, and then serves what came meanwhile", async () => {
    const handled: string[] = [];
    const desk = deskOf((server, request) => {
      handled.push(request);
      void server.shutdown();
    });
    for (const request of ["a", "b", "c"]) {
      desk.put(request);
      await desk.serveForever();
    }
    expect(handled).toEqual(["a", "b", "c"]);
    expect(desk.did.filter((step) => step === "serverActivate")).toHaveLength(1);
  });

  test("waits for the request that a shutdown left behind, so that there is still one at a time", async () => {
    const { desk, begun, finish, handled } = slowDesk();
    const first = desk.serveForever();
    desk.put("a");
    await begun;
    await desk.shutdown();
    const second = desk.serveForever();
    desk.put("b");
    await new Promise(setImmediate);
    expect(desk.did).not.toContain("verify b");
    finish();
    await first;
    while (handled.length < 2) await new Promise(setImmediate);
    await desk.shutdown();
    await second;
  });

  test("called twice ends twice by one shutdown", async () => {
    const desk = new Desk(Clerk);
    const serving = [desk.serveForever(), desk.serveForever()];
    await desk.shutdown();
    expect(await Promise.all(serving)).toHaveLength(2);
  });

  test("is ended by a shutdown that comes while the server is still being put on its address", async () => {
    const desk = new Desk(Clerk);
    const listening = gate();
    desk.serverActivate = () => listening.opened;
    const serving = desk.serveForever();
    const shutdown = desk.shutdown();
    listening.open();
    expect(await Promise.all([serving, shutdown])).toHaveLength(2);
  });
});

describe("serviceActions", () => {
  test("is called every pollInterval while the server serves, and not before or after", async () => {
    const desk = new Desk(Clerk);
    let calls = 0;
    const thrice = gate();
    desk.serviceActions = () => {
      calls += 1;
      if (calls === 3) thrice.open();
    };
    await desk.listen();
    expect(calls).toBe(0);
    const start = performance.now();
    const serving = desk.serveForever({ pollInterval: soon });
    await thrice.opened;
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(2 * soon);
    // By default it would have been every half second.
    expect(took).toBeLessThan(1_200);
    await desk.shutdown();
    await serving;
    const before = calls;
    await pause(2 * soon);
    expect(calls).toBe(before);
  });

  test.each([
    () => Promise.reject(failure),
    () => {
      throw failure;
    },
  ])("ends serveForever with what it throws, as in Python", async (act) => {
    const { desk, begun, finish, handled } = slowDesk();
    desk.serviceActions = act;
    const serving = failureOf(desk.serveForever({ pollInterval: soon }));
    desk.put("a");
    await begun;
    finish();
    expect(await serving).toBe(failure);
    expect(handled).toEqual(["a"]);
  });

  test("is as good as never called every Infinity", async () => {
    const desk = new Desk(Clerk);
    desk.serviceActions = () => void desk.did.push("acted");
    const serving = desk.serveForever({ pollInterval: Infinity });
    await pause(soon);
    await desk.shutdown();
    await serving;
    expect(desk.did).toEqual(["serverActivate"]);
  });
});

describe("handleRequest", () => {
  test("calls handleTimeout, sync or async, where no request comes in time", async () => {
    const desk = new Desk(Clerk);
    desk.timeout = soon;
    const start = performance.now();
    desk.handleTimeout = async () => {
      await Promise.resolve();
      desk.did.push("time is up");
    };
    await desk.handleRequest();
    expect(desk.did).toEqual(["serverActivate", "time is up"]);
    // A timer of Node may be early by what its clock rounds.
    expect(performance.now() - start).toBeGreaterThan(soon - 2);
    desk.handleTimeout = () => {
      throw failure;
    };
    expect(await failureOf(desk.handleRequest())).toBe(failure);
  });

  test("takes what is there already, and its timeout counts no handler", async () => {
    const desk = deskOf(
      () =>
        new Promise((resolve) => {
          setTimeout(resolve, 2 * soon);
        }),
    );
    desk.timeout = soon;
    desk.handleTimeout = () => void desk.did.push("time is up");
    desk.put("a");
    await desk.handleRequest();
    expect(desk.did).toContain("close a");
    expect(desk.did).not.toContain("time is up");
  });

  test.each([undefined, Infinity, 2 ** 31])("waits for ever with the timeout %s", async (timeout) => {
    const desk = new Desk(Clerk);
    desk.timeout = timeout;
    desk.handleTimeout = () => void desk.did.push("time is up");
    const handling = desk.handleRequest();
    await pause(soon);
    desk.put("a");
    await handling;
    expect(desk.did).toContain("close a");
    expect(desk.did).not.toContain("time is up");
  });

  test("called twice serves two requests", async () => {
    const desk = new Desk(Clerk);
    const handling = [desk.handleRequest(), desk.handleRequest()];
    await desk.listen();
    desk.put("a", "b");
    await Promise.all(handling);
    expect(desk.did).toEqual(expect.arrayContaining(["close a", "close b"]));
  });

  test("is ended by a shutdown without a timeout", async () => {
    const desk = new Desk(Clerk);
    desk.timeout = 60_000;
    desk.handleTimeout = () => void desk.did.push("time is up");
    const handling = desk.handleRequest();
    await desk.listen();
    await new Promise(setImmediate);
    await desk.shutdown();
    await handling;
    expect(desk.did).toEqual(["serverActivate"]);
  });
});

describe("the end", () => {
  test("of a server that never served is nothing special", async () => {
    const desk = new Desk(Clerk);
    await desk.shutdown();
    await desk.serverClose();
    expect(desk.did).toEqual([]);
  });

  test("is final: serverClose ends serveForever, and nobody listens any more", async () => {
    const desk = new Desk(Clerk);
    await desk.listen();
    const serving = desk.serveForever();
    await desk.serverClose();
    await serving;
    for (const tried of [desk.listen(), desk.serveForever(), desk.handleRequest()]) {
      expect(await failureOf(tried)).toBeInstanceOf(ConnectionClosedError);
    }
  });

  test("comes for what is still being put on its address, too", async () => {
    const desk = new Desk(Clerk);
    const listening = gate();
    desk.serverActivate = () => listening.opened;
    const serving = desk.serveForever();
    const handling = failureOf(desk.handleRequest());
    await new Promise(setImmediate);
    await desk.serverClose();
    desk.serverClose = async () => void desk.did.push("closed again");
    listening.open();
    await serving;
    expect(await handling).toBeInstanceOf(ConnectionClosedError);
    expect(desk.did).toEqual(["closed again"]);
  });

  test("is what `await using` does", async () => {
    const desk = new Desk(Clerk);
    let serving: Promise<void> | undefined;
    {
      await using used = desk;
      await used.listen();
      serving = used.serveForever();
    }
    await serving;
    expect(await failureOf(desk.listen())).toBeInstanceOf(ConnectionClosedError);
  });
});
