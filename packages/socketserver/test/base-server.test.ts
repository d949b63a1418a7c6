// The chain of BaseServer: which hook is called when, sync or async, and what happens if it throws.
import { TimeoutError } from "@netcli/core-transport";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BaseRequestHandler, BaseServer } from "../src/index.ts";
import { Clerk, Desk } from "./desk.ts";

const failure = new Error("as planned");

afterEach(() => void vi.restoreAllMocks());

class Failing extends Clerk {
  override handle(): void {
    throw failure;
  }
}

/** Handles what is there, and says what it did. */
async function handled(desk: Desk, ...requests: string[]): Promise<string[]> {
  desk.put(...requests);
  for (const _ of requests) await desk.handleRequest();
  return desk.did;
}

describe("the chain", () => {
  const whole = [
    "serverActivate",
    "verify a",
    "process a",
    "finish a",
    "setup",
    "handle",
    "finish",
    "shut down a",
    "close a",
  ];

  test("is the one of Python", async () => {
    expect(await handled(new Desk(Clerk), "a")).toEqual(whole);
  });

  test("is waited for where it is async, so that its order stays", async () => {
    class Slow extends Clerk {
      override async setup(): Promise<void> {
        await Promise.resolve();
        await super.setup();
      }
      override async handle(): Promise<void> {
        await new Promise(setImmediate);
        await super.handle();
      }
      override async finish(): Promise<void> {
        await Promise.resolve();
        await super.finish();
      }
    }
    class SlowDesk extends Desk {
      override async verifyRequest(request: string): Promise<boolean> {
        await new Promise(setImmediate);
        return super.verifyRequest(request);
      }
      override async shutdownRequest(request: string): Promise<void> {
        await new Promise(setImmediate);
        await super.shutdownRequest(request);
      }
    }
    const twice = [...whole, ...whole.slice(1).map((step) => step.replace(" a", " b"))];
    expect(await handled(new SlowDesk(Slow), "a", "b")).toEqual(twice);
  });

  test.each([false, Promise.resolve(false)])("ends at once where verifyRequest says no", async (answer) => {
    class Strict extends Desk {
      override verifyRequest(): boolean | Promise<boolean> {
        return answer;
      }
    }
    const desk = new Strict(Clerk);
    expect(await handled(desk, "a")).toEqual(["serverActivate", "shut down a", "close a"]);
    expect(desk.failedRequests).toBe(0);
  });

  test("gives the handler the request, the client's address and the server", async () => {
    const seen: unknown[] = [];
    class Handler extends Clerk {
      override handle(): void {
        seen.push(this.request, this.clientAddress, this.server);
      }
    }
    const desk = new Desk(Handler);
    await handled(desk, "a");
    expect(seen).toEqual(["a", ["", 0], desk]);
    expect(desk.RequestHandlerClass).toBe(Handler);
  });
});

describe("what a hook throws", () => {
  test.each(["verifyRequest", "processRequest", "finishRequest", "shutdownRequest"] as const)(
    "in %s goes to handleError, the request is closed, and the next one is served",
    async (hook) => {
      const desk = new Desk(Clerk);
      Object.assign(desk, { [hook]: () => Promise.reject(failure) });
      await handled(desk, "a");
      expect(desk.errors).toEqual([failure]);
      expect(desk.did.at(-1)).toBe("close a");
      const throwing = (): never => {
        throw failure;
      };
      Object.assign(desk, { [hook]: throwing });
      await handled(desk, "b");
      expect(desk.errors).toEqual([failure, failure]);
      expect(desk.did.at(-1)).toBe("close b");
      // What the class has.
      Reflect.deleteProperty(desk, hook);
      await handled(desk, "c");
      expect(desk.did).toContain("handle");
      expect(desk.failedRequests).toBe(2);
    },
  );

  test("in the handler's constructor goes there, too", async () => {
    class Unmakeable extends Clerk {
      constructor(...args: ConstructorParameters<typeof Clerk>) {
        super(...args);
        throw failure;
      }
    }
    const desk = new Desk(Unmakeable);
    await handled(desk, "a");
    expect(desk.errors).toEqual([failure]);
    expect(desk.did.at(-1)).toBe("close a");
  });

  test("is told for each request, even if all throw the same object", async () => {
    const desk = new Desk(Failing);
    await handled(desk, "a", "b");
    expect(desk.errors).toEqual([failure, failure]);
    expect(desk.failedRequests).toBe(2);
  });

  test("is told once for a request that fails twice, as one that is cut does", async () => {
    class Letters extends BaseServer<{ text: string }> {
      readonly serverAddress = "";
      readonly errors: unknown[] = [];
      override async processRequest(request: { text: string }): Promise<void> {
        await this.requestFailed(request, ["", 0], failure);
        throw new Error("again");
      }
      override handleError(...[, , error]: [unknown, unknown, unknown]): void {
        this.errors.push(error);
      }
    }
    const letters = new Letters(BaseRequestHandler<{ text: string }>);
    for (const text of ["a", "b"]) letters.received({ text }, ["", 0]);
    for (let left = 2; left > 0; left -= 1) await letters.handleRequest();
    expect(letters.errors).toEqual([failure, failure]);
    expect(letters.failedRequests).toBe(2);
  });

  test.each(["handleError", "closeRequest"] as const)("in %s is printed, and ends nothing", async (hook) => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const again = new Error("again");
    const desk = new Desk(Failing);
    desk[hook] = () => {
      throw again;
    };
    await handled(desk, "a");
    desk[hook] = () => Promise.reject(again);
    await handled(desk, "b");
    expect(print.mock.calls.map((call: unknown[]) => call.at(-1))).toEqual([again, again]);
    expect(desk.failedRequests).toBe(2);
  });
});

describe("handleError", () => {
  test("prints the stack of a bug, and one line for what client or network did", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    class Printing extends BaseServer<string> {
      readonly serverAddress = "";
    }
    const server = new Printing(BaseRequestHandler<string>);
    await server.handleError("a", ["192.0.2.1", 7], failure);
    await server.handleError("a", ["", 0], new TimeoutError("too slow", "stall", 1));
    await server.handleError("a", ["/run/x", 0], "a word");
    expect(print.mock.calls).toEqual([
      ["netcli: exception while processing a request from 192.0.2.1:7:", failure],
      ["netcli: exception while processing a request from a Unix socket:", "TimeoutError: too slow"],
      ["netcli: exception while processing a request from /run/x:", "a word"],
    ]);
  });
});
