// FTP replies as they come over the wire: their grammar, however they are cut, and what is no reply.
import { failureOf } from "@netcli/test-kit";
import { ConnectionClosedError, LimitError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { loggedIn, refuseUnhandled } from "./fixtures.ts";

refuseUnhandled();

const feat = "211-Features:\r\n SIZE\r\n211 End\r\n";

/** Name, bytes, code, lines, text. */
const replies: [string, string, number, string[], string][] = [
  ["one line", "200 fine\r\n", 200, ["200 fine"], "fine"],
  ["a code alone", "200\r\n", 200, ["200"], ""],
  ["a code and a space", "200 \r\n", 200, ["200 "], ""],
  ["a bare line feed", "200 fine\n", 200, ["200 fine"], "fine"],
  ["UTF-8", "200 größer\r\n", 200, ["200 größer"], "größer"],
  ["several lines", feat, 211, ["211-Features:", " SIZE", "211 End"], "Features:\n SIZE\nEnd"],
  [
    "bare line feeds",
    feat.replaceAll("\r", ""),
    211,
    ["211-Features:", " SIZE", "211 End"],
    "Features:\n SIZE\nEnd",
  ],
  [
    "the code before every line",
    "214-one\r\n214-two\r\n214 three\r\n",
    214,
    ["214-one", "214-two", "214 three"],
    "one\ntwo\nthree",
  ],
  [
    "lines that begin with other codes",
    "211-status\r\n226 not the end\r\n421 nor this\r\n150-nor this\r\n211 end\r\n",
    211,
    ["211-status", "226 not the end", "421 nor this", "150-nor this", "211 end"],
    "status\n226 not the end\n421 nor this\n150-nor this\nend",
  ],
  [
    "empty lines, spaces, and its own code further to the right",
    "211-\r\n\r\n \r\n 211 indented\r\n211 \r\n",
    211,
    ["211-", "", " ", " 211 indented", "211 "],
    "\n\n \n 211 indented\n",
  ],
  [
    "a number in the middle that begins with the code",
    "220-welcome\r\n2200 files\r\n220\tfiles\r\n220 bye\r\n",
    220,
    ["220-welcome", "2200 files", "220\tfiles", "220 bye"],
    "welcome\n2200 files\n220\tfiles\nbye",
  ],
  ["a last line that is the code alone", "211-a\r\nb\r\n211\r\n", 211, ["211-a", "b", "211"], "a\nb\n"],
  ["the same first line again", "211-a\r\n211-a\r\n211 a\r\n", 211, ["211-a", "211-a", "211 a"], "a\na\na"],
];

describe("a reply", () => {
  test.each(replies)("of %s is understood", async (_name, bytes, code, lines, text) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.expect("HELP");
      await ftp.peer.send(bytes);
      await ftp.prove();
    });
    expect(await fixture.session.sendCmd("HELP")).toEqual({ code, lines, text });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test.each(replies)(
    "of %s may come byte by byte, and cut at any place",
    async (_name, bytes, code, lines, text) => {
      const length = Buffer.byteLength(bytes);
      await using fixture = await loggedIn(async (ftp) => {
        await ftp.expect("HELP");
        await ftp.peer.sendSplit(bytes);
        for (let cut = 1; cut < length; cut += 1) {
          await ftp.expect("HELP");
          await ftp.peer.sendSplit(bytes, [cut]);
        }
        await ftp.prove();
      });
      for (let cut = 0; cut < length; cut += 1) {
        expect(await fixture.session.sendCmd("HELP")).toEqual({ code, lines, text });
      }
      expect(await fixture.session.pwd()).toBe("/here");
    },
  );

  test("may be preceded by any number of preliminary ones, also in the same segment", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer(
        "STAT",
        "150 opening",
        "110-marker",
        "226 not yet",
        "110 end",
        "150 4 seconds",
        "226 done",
      );
      await ftp.prove();
    });
    expect(await fixture.session.sendCmd("STAT")).toMatchObject({ code: 226, text: "done" });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("to the next command may not be in the segment of this one", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("NOOP", "200 fine", '257 "/forged"');
      await ftp.peer.closed;
    });
    expect(await fixture.session.noop()).toMatchObject({ code: 200 });
    expect(await failureOf(fixture.session.pwd())).toBeInstanceOf(ProtocolError);
  });

  test.each([
    ["letters", "hello\r\n"],
    ["an empty line", "\r\n"],
    ["two digits", "20 fine\r\n"],
    ["four digits", "2000 fine\r\n"],
    ["a code beyond 5yz", "650 fine\r\n"],
    ["a code below 1yz", "050 fine\r\n"],
    ["a space in front", " 200 fine\r\n"],
    ["an HTTP server's answer", "HTTP/1.1 400 Bad Request\r\n"],
    ["digits that are not ASCII", "２００ fine\r\n"],
    ["an underscore behind the code", "200_fine\r\n"],
  ])("of %s ends the session with ProtocolError", async (_name, bytes) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.expect("NOOP");
      await ftp.peer.send(bytes);
      await ftp.peer.closed;
    });
    expect(await failureOf(fixture.session.noop())).toBeInstanceOf(ProtocolError);
    expect(await failureOf(fixture.session.noop())).toBeInstanceOf(ProtocolError);
  });

  test.each([
    ["lines", "x\r\n".repeat(1_000), "replyLines"],
    ["bytes", `${"x".repeat(8_000)}\r\n`, "replyBytes"],
    ["bytes without a line end", "x".repeat(8_000), "lineBytes"],
  ])("that never ends does not fill the memory with %s", async (_what, piece, limit) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.expect("HELP");
      await ftp.say("214-help");
      // The client's leaving ends it.
      for (;;) await ftp.peer.send(piece);
    });
    const error = await failureOf(fixture.session.sendCmd("HELP"));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit });
  });

  test("is refused as temporary or permanent by its code, with the command that it answers", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("CWD a", "450-busy", "450 now");
      await ftp.answer("CWD b", "550 no such directory");
      await ftp.answer("PWD", "200 fine");
      await ftp.prove();
    });
    const { session } = fixture;
    const temporary = await failureOf(session.cwd("a"));
    expect(temporary).toBeInstanceOf(ReplyError);
    expect(temporary).toMatchObject({
      code: "ERR_NETCLI_REPLY",
      command: "CWD a",
      isTemporary: true,
      isPermanent: false,
      message: 'the server answered "CWD a" with: 450-busy\n450 now',
      reply: { code: 450, text: "busy\nnow" },
    });
    expect(await failureOf(session.cwd("b"))).toMatchObject({ isTemporary: false, isPermanent: true });
    expect(await failureOf(session.pwd())).toMatchObject({ isTemporary: false, isPermanent: false });
    expect(await session.pwd()).toBe("/here");
  });
});

describe("421", () => {
  const closed = { code: "ERR_NETCLI_CLOSED", lastReply: { code: 421, text: "idle for too long" } };

  test("as the answer to a command says that the connection is closed, there and later", async () => {
    await using fixture = await loggedIn((ftp) => ftp.answer("PWD", "421 idle for too long"));
    const error = await failureOf(fixture.session.pwd());
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject(closed);
    expect(await failureOf(fixture.session.pwd())).toMatchObject(closed);
  });

  test("between two commands is what the next one fails with", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("NOOP", "200 fine", "421 idle for too long");
    });
    await fixture.session.noop();
    await fixture.server.settled();
    expect(await failureOf(fixture.session.pwd())).toMatchObject(closed);
  });

  test("behind a preliminary reply fails the command", async () => {
    await using fixture = await loggedIn((ftp) => ftp.answer("NOOP", "150 wait", "421 idle for too long"));
    expect(await failureOf(fixture.session.noop())).toMatchObject(closed);
  });

  test("in the middle of another reply is a line like any other", async () => {
    await using fixture = await loggedIn((ftp) => ftp.answer("NOOP", "200-so", "421 idle", "200 fine"));
    expect(await fixture.session.noop()).toMatchObject({ code: 200 });
  });
});
