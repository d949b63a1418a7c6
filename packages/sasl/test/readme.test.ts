// The examples of README.md, run against a server that speaks SCRAM.
import { runExample, scriptedServer } from "@netcli/test-kit";
import { expect, it } from "vitest";
import { ScramServer } from "./scram-server.ts";

const readme = new URL("../README.md", import.meta.url);

function text(line: string): string {
  return Buffer.from(line, "base64").toString();
}

it("chooses in the first example", async () => {
  expect(await runExample(readme, 0, {})).toEqual([
    "SCRAM-SHA-256 SCRAM-SHA-1",
    "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN",
  ]);
});

it("authenticates in the second example", async () => {
  const scram = new ScramServer({ user: "me", password: "secret" });
  await using server = await scriptedServer(async (peer) => {
    const ask = (question: string): Promise<void> =>
      peer.send(`334 ${Buffer.from(question).toString("base64")}\r\n`);
    const first = await peer.expect(/^AUTH SCRAM-SHA-256 /);
    await ask(scram.first(text(first.slice(19))));
    await ask(scram.final(text(await peer.readLine())));
    await peer.expect("");
    await peer.send("235 in\r\n");
    await peer.closed;
  });
  expect(await runExample(readme, 1, { "mail.example.com": server })).toEqual(["SCRAM-SHA-256"]);
  expect(scram.authenticated).toEqual({ user: "me", authzid: "" });
  expect(server.errors).toEqual([]);
});
