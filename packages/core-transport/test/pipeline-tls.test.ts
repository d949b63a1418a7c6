// TLS: what comes behind its start in a turn is secure, what came before is refused, and where it is not expected it
// is told by its name.
import { createAuthority } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { TlsError } from "../src/index.ts";
import { codes, echo, line, outcome, refuseUnhandled, session } from "./grammars.ts";

refuseUnhandled();

describe("STARTTLS in a turn", () => {
  const authority = createAuthority();
  const identity = authority.issue();

  test("secures all that comes behind it, and the turn's reader goes on over TLS", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("STARTTLS");
      await peer.send("220 go\r\n");
      await peer.startTls(identity);
      await echo(peer);
    });
    const { pipeline, connection } = client;
    const upgrade = pipeline.exclusive(async (turn) => {
      await turn.command(line("STARTTLS"));
      await connection.startTls({ ca: authority.certificate });
    });
    const secret = pipeline.command(line("SECRET"));
    await upgrade;
    expect(connection.tls?.getProtocol()).toBe("TLSv1.3");
    expect(await secret).toMatchObject({ text: "SECRET" });
  });

  test.each([
    ["in the same segment", "220 go\r\n250 injected\r\n"],
    ["without a line end", "220 go\r\n250 inj"],
  ])("is refused when something comes behind the go-ahead %s", async (_where, bytes) => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("STARTTLS");
      await peer.send(bytes);
      await peer.startTls(identity);
    });
    const { pipeline, connection } = client;
    const upgrade = pipeline.exclusive(async (turn) => {
      await turn.command(line("STARTTLS"));
      await connection.startTls({ ca: authority.certificate });
    });
    const secret = outcome(pipeline.command(line("SECRET")));
    expect(await outcome(upgrade)).toMatchObject({ code: "ERR_NETCLI_STARTTLS_INJECTION" });
    expect(await secret).toBeInstanceOf(Error);
    expect(connection.destroyed).toBe(true);
    expect(client.server.received.toString()).not.toContain("SECRET");
  });
});

describe("TLS where a greeting should be", () => {
  test.each([
    ["an alert", [0x15, 3, 1, 0, 2, 2, 0x46], 7],
    ["an alert, byte by byte", [0x15, 3, 1, 0, 2, 2, 0x46], 1],
    ["an alert whose description is a line feed", [0x15, 3, 3, 0, 2, 2, 0x0a], 7],
    ["a handshake", [0x16, 3, 1, 0, 5], 5],
  ])("is told by its name: %s", async (_what, bytes, size) => {
    await using client = await session(codes, async (peer) => {
      await peer.sendSplit(Buffer.from(bytes), size);
      await peer.closed;
    });
    const error = await outcome(client.pipeline.greeting());
    expect(error).toBeInstanceOf(TlsError);
    expect((error as Error).message).toContain('tls: "implicit"');
  });
});
