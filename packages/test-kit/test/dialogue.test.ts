// Transcripts as scripts.
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { dialogue, type ScriptedServer, scriptedServer } from "../src/index.ts";
import { bytes, open, over } from "./client.ts";

const login = `
  S: 220 ready

  C: USER anonymous
  S: 331-send
  S: 331 password
  C: PASS Köln
  S: 230 in
`;

async function say(server: ScriptedServer, ...lines: string[]): Promise<void> {
  const client = await open(server);
  client.write(lines.map((line) => `${line}\r\n`).join(""));
  await over(client);
}

describe("a dialogue", () => {
  test("plays the side of the server line by line", async () => {
    await using server = await scriptedServer(dialogue(login));
    const client = await open(server);
    expect((await bytes(client, 11)).toString()).toBe("220 ready\r\n");
    client.write("USER anonymous\r\n");
    expect((await bytes(client, 24)).toString()).toBe("331-send\r\n331 password\r\n");
    client.end("PASS Köln\r\n");
    expect(await text(client)).toBe("230 in\r\n");
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("fails when the client says something else", async () => {
    const server = await scriptedServer(dialogue(login));
    await say(server, "USER somebody");
    await expect(server.close()).rejects.toThrow('to send "USER anonymous", but it sent "USER somebody"');
  });

  test("fails when the client goes on after the end", async () => {
    const server = await scriptedServer(dialogue("C: QUIT\nS: 221 bye"));
    await say(server, "QUIT", "NOOP");
    await expect(server.close()).rejects.toThrow('to close, but it sent "NOOP\\r\\n"');
  });

  test("can send empty lines and keeps the blanks at the end of a line", async () => {
    await using server = await scriptedServer(dialogue("S: a \r\nS:\nS: \nS:  b"));
    const client = await open(server);
    client.end();
    expect(await text(client)).toBe("a \r\n\r\n\r\n b\r\n");
  });

  test("is checked before anyone connects", () => {
    expect(() => dialogue("S: 220 ready\n220 again")).toThrow('line 2 is neither "S: ..." nor "C: ..."');
    expect(() => dialogue("S:220 ready")).toThrow(SyntaxError);
  });
});
