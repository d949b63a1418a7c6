// Servers that refuse in SCRAM's own words, and those in between that these words find out.
import { randomBytes } from "node:crypto";
import { ProtocolError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { scram } from "../src/index.ts";
import { begin, converse, respond } from "./conversation.ts";
import { ScramServer } from "./scram-server.ts";

const account = { user: "user", password: "pencil" };

describe("a refusal of the server", () => {
  it.each([
    ["invalid-proof", false],
    ["unknown-user", false],
    ["invalid-username-encoding", false],
    ["no-resources", false],
    ["other-error", false],
    ["something new", false],
    ["unsupported-channel-binding-type", true],
    ["channel-binding-not-supported", true],
    ["extensions-not-supported", true],
    ["invalid-encoding", true],
    ["channel-bindings-dont-match", false],
    ["server-does-support-channel-binding", false],
  ])("says %s, which is about the mechanism: %s", async (reason, isAboutMechanism) => {
    const mechanism = scram("SHA-256", account);
    await begin(mechanism);
    expect(await respond(mechanism, `e=${reason}`)).toBe("");
    expect(mechanism.failure).toMatchObject({ mechanism: "SCRAM-SHA-256", reason, isAboutMechanism });
  });

  it.each(["x\u001b[2J", "\u202e", "x".repeat(101)])(
    "is not shown if it is not fit for it",
    async (reason) => {
      const mechanism = scram("SHA-256", account);
      await begin(mechanism);
      await respond(mechanism, `e=${reason}`);
      expect(mechanism.failure).toMatchObject({ reason: "other-error" });
    },
  );
});

describe("someone in between", () => {
  const ours = { type: "tls-exporter" as const, data: randomBytes(32) };
  const theirs = { "tls-exporter": randomBytes(32) };

  it("is found out by its own TLS connection to the server (channel binding mismatch)", async () => {
    const server = new ScramServer({ isPlus: true, bindings: theirs });
    const error = await failureOf(converse(scram("SHA-256", { ...account, channelBinding: ours }), server));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_SASL_CHANNEL_BINDING",
      message: expect.stringMatching(/^the server sees another TLS connection than we do/),
    });
    expect(server.authenticated).toBeUndefined();
  });

  it("is found out when it hides -PLUS from us (mechanism downgrade)", async () => {
    const server = new ScramServer({ offersPlus: true });
    const error = await failureOf(converse(scram("SHA-256", { ...account, isBindingMissed: true }), server));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_SASL_DOWNGRADE" });
    expect(server.authenticated).toBeUndefined();
  });

  it("is found out when it changes our flag on the way (gs2 header)", async () => {
    const mechanism = scram("SHA-256", { ...account, isBindingMissed: true });
    const server = new ScramServer({ offersPlus: true });
    const clientFirst = (await begin(mechanism)) ?? "";
    const clientFinal = await respond(mechanism, server.first(clientFirst.replace(/^y/, "n")));
    expect(server.final(clientFinal)).toBe("e=channel-bindings-dont-match");
  });

  it("is found out when it changes the name on the way", async () => {
    const mechanism = scram("SHA-256", { ...account, authzid: "user" });
    const server = new ScramServer();
    const clientFirst = (await begin(mechanism)) ?? "";
    const clientFinal = await respond(mechanism, server.first(clientFirst.replace("a=user", "a=root")));
    expect(server.final(clientFinal)).toBe("e=channel-bindings-dont-match");
    expect(server.authenticated).toBeUndefined();
  });

  it("is found out when it changes the salt or the count on the way", async () => {
    for (const first of [
      (message: string) => message.replace("s=c2l4", "s=c2l5"),
      (message: string) => message.replace("i=4096", "i=5000"),
    ]) {
      const server = new ScramServer();
      const mechanism = scram("SHA-256", account);
      await failureOf(converse(mechanism, server, { first }));
      expect(mechanism.failure?.reason).toBe("invalid-proof");
      expect(server.authenticated).toBeUndefined();
    }
  });
});
