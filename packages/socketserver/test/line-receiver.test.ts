// LineReceiver: any split of the bytes gives the same lines and the same raw bytes; and what a line may do.
import { ArgumentError } from "@netcli/core-transport";
import { gate } from "@netcli/test-kit";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { LineReceiver } from "../src/index.ts";
import { stage, tell } from "./twisted-face.ts";

/** Notes lines as they are, raw bytes in brackets, and ends in braces. */
class Noting extends LineReceiver {
  readonly seen: string[] = [];

  override lineReceived(line: string): void {
    this.seen.push(line);
  }

  override rawDataReceived(data: Uint8Array): void {
    this.seen.push(`[${Buffer.from(data).toString("latin1")}]`);
  }

  override lineLengthExceeded(line: Uint8Array): void {
    this.seen.push(`too long: ${Buffer.from(line).toString("latin1")}`);
    super.lineLengthExceeded(line);
  }
}

/** All ways to cut bytes into pieces. */
function* splits(bytes: Buffer): Generator<Buffer[]> {
  for (let cuts = 0; cuts < 2 ** (bytes.length - 1); cuts += 1) {
    const pieces: Buffer[] = [];
    let from = 0;
    for (let at = 1; at < bytes.length; at += 1) {
      if ((cuts & (1 << (at - 1))) === 0) continue;
      pieces.push(bytes.subarray(from, at));
      from = at;
    }
    yield [...pieces, bytes.subarray(from)];
  }
}

/** Feeds a fresh protocol with each split of the bytes, all over one connection; what each saw must be the same. */
async function seenInAnySplit(make: () => Noting, bytes: Buffer): Promise<Set<string>> {
  await using one = await stage(make);
  await using client = await one.client();
  while (one.protocols.length === 0) await turn();
  const { transport } = one.protocol();
  expect(client.destroyed).toBe(false);
  const outcomes = new Set<string>();
  for (const pieces of splits(bytes)) {
    const protocol = make();
    protocol.makeConnection(transport);
    for (const piece of pieces) protocol.dataReceived(Buffer.from(piece));
    outcomes.add(JSON.stringify(protocol.seen));
  }
  return outcomes;
}

class Semicolons extends Noting {
  override delimiter = "; ";
}
class Paragraphs extends Noting {
  override delimiter = "§";
}
class Repeating extends Noting {
  override delimiter = "aab";
}
class Short extends Noting {
  override maxLength = 4;
}

describe("any split of the bytes", () => {
  test.each([
    [Noting, "a\r\nbc\r\n\r\nd\r", ["a", "bc", ""]],
    [Noting, "\r\r\n\n\r\na\nb\r\n", ["\r", "\n", "a\nb"]],
    [Semicolons, "a; b;c; ; d", ["a", "b;c", ""]],
    [Paragraphs, "ä§b§Â§", ["ä", "b", "Â"]],
    [Repeating, "aaab aab b", ["a", " "]],
    [Short, "1234\r\nabcd\r\n", ["1234", "abcd"]],
  ])("gives the same lines: %o", async (Receiver, text, lines) => {
    const outcomes = await seenInAnySplit(() => new Receiver(), Buffer.from(text));
    expect([...outcomes]).toEqual([JSON.stringify(lines)]);
  });

  test("gives lines that are no UTF-8 as latin1, each by itself", async () => {
    const latin1 = Buffer.from("\xfc\r\n", "latin1");
    const bytes = Buffer.concat([Buffer.from("é\r\n"), latin1, Buffer.from("€\r\n")]);
    const outcomes = await seenInAnySplit(() => new Noting(), bytes);
    expect([...outcomes]).toEqual([JSON.stringify(["é", "ü", "€"])]);
  });

  test("gives the same raw bytes, and lines again behind them", async () => {
    /** A line `raw N` announces N raw bytes. */
    class Mixed extends Noting {
      left = 0;
      raw = "";
      override lineReceived(line: string): void {
        super.lineReceived(line);
        this.left = Number(/^r(\d)$/.exec(line)?.[1] ?? 0);
        if (this.left > 0) this.setRawMode();
      }
      override rawDataReceived(data: Uint8Array): void {
        const mine = data.subarray(0, this.left);
        this.raw += Buffer.from(mine).toString();
        this.left -= mine.length;
        if (this.left > 0) return;
        this.seen.push(`[${this.raw}]`);
        this.raw = "";
        this.setLineMode(data.subarray(mine.length));
      }
    }
    const outcomes = await seenInAnySplit(() => new Mixed(), Buffer.from("r3\r\n\r\nxr1\r\nzb\r\n"));
    expect([...outcomes]).toEqual([JSON.stringify(["r3", "[\r\nx]", "r1", "[z]", "b"])]);
  });

  test.each(["12345\r\nab", "1234567890"])(
    "tells a line that is too long once, and no more: %j",
    async (text) => {
      class Limited extends Noting {
        override maxLength = 4;
        override lineLengthExceeded(): void {
          this.seen.push("too long");
          this.pauseProducing();
        }
      }
      const outcomes = await seenInAnySplit(() => new Limited(), Buffer.from(text));
      expect([...outcomes]).toEqual([JSON.stringify(["too long"])]);
    },
  );
});

describe("over the network", () => {
  class Echo extends Noting {
    override lineReceived(line: string): void {
      super.lineReceived(line);
      this.sendLine(`re: ${line}`);
    }
  }

  test("lines come and go, byte by byte as well as many at once", async () => {
    await using one = await stage(() => new Echo());
    const lines = Array.from({ length: 1_000 }, (_, number) => `line ${number}`);
    expect(await tell(one, `${lines.join("\r\n")}\r\n`)).toBe(
      lines.map((line) => `re: ${line}\r\n`).join(""),
    );
    await using client = await one.client();
    for (const byte of "hello\r\n") {
      await client.write(byte);
      await turn();
      await turn();
    }
    expect(await client.readLine()).toBe("re: hello");
  });

  test("a line that is too long ends the connection", async () => {
    await using one = await stage(() => new Short());
    expect(await tell(one, "ok\r\n12345\r\nnever\r\n")).toBe("");
    expect(one.protocol().seen).toEqual(["ok", "too long: 12345\r\nnever\r\n"]);
    expect(one.errors).toEqual([]);
  });

  test("a line may be long where that is allowed", async () => {
    class Long extends Echo {
      override maxLength = 4_000_000;
    }
    await using one = await stage(() => new Long());
    const line = "x".repeat(3_000_000);
    expect(await tell(one, `${line}\r\n`)).toBe(`re: ${line}\r\n`);
  });

  test("sendLine refuses what is no line, and uses the delimiter", async () => {
    class Answering extends Semicolons {
      override lineReceived(): void {
        for (const line of ["a\nb", "a\rb", "a\0b"]) expect(() => this.sendLine(line)).toThrow(ArgumentError);
        this.sendLine("fine");
      }
    }
    await using one = await stage(() => new Answering());
    expect(await tell(one, "x; ")).toBe("fine; ");
    expect(one.errors).toEqual([]);
  });

  test("an empty delimiter is an error of that connection", async () => {
    class Endless extends Noting {
      override delimiter = "";
    }
    await using one = await stage(() => new Endless());
    expect(await tell(one, "x")).toBe("");
    expect(one.errors).toEqual([expect.any(ArgumentError)]);
  });
});

describe("a line", () => {
  test("that ends the connection is the last one, and what was sent before is delivered", async () => {
    class Quitting extends Noting {
      override lineReceived(line: string): void {
        super.lineReceived(line);
        this.sendLine(`re: ${line}`);
        if (line === "quit") this.transport.loseConnection();
      }
    }
    await using one = await stage(() => new Quitting());
    expect(await tell(one, "a\r\nquit\r\nb\r\nc\r\n")).toBe("re: a\r\nre: quit\r\n");
    expect(one.protocol().seen).toEqual(["a", "quit"]);
  });

  test("may switch to raw bytes for good, and take away what came of the next line", async () => {
    class Raw extends Noting {
      override lineReceived(line: string): void {
        super.lineReceived(line);
        if (line === "raw") this.setRawMode();
        if (line === "clear") this.seen.push(`cleared ${Buffer.from(this.clearLineBuffer()).toString()}`);
      }
    }
    await using one = await stage(() => new Raw());
    await tell(one, "a\r\nclear\r\nb\r\nc\r\n");
    expect(one.protocol().seen).toEqual(["a", "clear", "cleared b\r\nc\r\n"]);
    await tell(one, "raw\r\nb\r\nc");
    expect(one.protocol().seen.join("")).toBe("raw[b\r\nc]");
  });

  test("may pause; the next one comes after resumeProducing, though the client is gone by then", async () => {
    class OneByOne extends Noting {
      override lineReceived(line: string): void {
        super.lineReceived(line);
        this.pauseProducing();
        // Work of another turn.
        setImmediate(() => {
          this.sendLine(`done ${line}`);
          this.resumeProducing();
        });
      }
    }
    await using one = await stage(() => new OneByOne());
    expect(await tell(one, "a\r\nb\r\nc\r\n")).toBe("done a\r\ndone b\r\ndone c\r\n");
  });

  test("is not delivered while paused, even if more bytes come", async () => {
    const paused = gate();
    class Pausing extends Noting {
      override lineReceived(line: string): void {
        super.lineReceived(line);
        if (line !== "pause") return;
        this.pauseProducing();
        paused.open();
      }
    }
    await using one = await stage(() => new Pausing());
    await using client = await one.client();
    await client.write("pause\r\na\r\nb");
    await paused.opened;
    await client.write("c\r\n");
    await using other = await one.client();
    await other.write("x\r\n");
    while (one.protocols[1]?.seen.length !== 1) await turn();
    expect(one.protocols[0]?.seen).toEqual(["pause"]);
    one.protocols[0]?.resumeProducing();
    while (one.protocols[0]?.seen.length !== 3) await turn();
    expect(one.protocols[0]?.seen).toEqual(["pause", "a", "bc"]);
  });

  test("may resume at once what it has paused, without coming out of turn", async () => {
    class Nervous extends Noting {
      override lineReceived(line: string): void {
        this.seen.push(`<${line}`);
        this.pauseProducing();
        this.resumeProducing();
        this.seen.push(`${line}>`);
      }
    }
    await using one = await stage(() => new Nervous());
    await tell(one, "a\r\nb\r\n");
    expect(one.protocol().seen).toEqual(["<a", "a>", "<b", "b>"]);
  });

  test("that throws ends the connection, and the next one of the same chunk does not come", async () => {
    const failure = new Error("as planned");
    class Failing extends Noting {
      override lineReceived(line: string): void {
        super.lineReceived(line);
        throw failure;
      }
    }
    await using one = await stage(() => new Failing());
    expect(await tell(one, "a\r\nb\r\n")).toBe("");
    expect(one.protocol().seen).toEqual(["a"]);
    expect(one.errors).toEqual([failure]);
  });
});
