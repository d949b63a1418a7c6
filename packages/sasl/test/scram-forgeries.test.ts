// Servers that are not what they say: each way to forge, weaken or redirect SCRAM, and what becomes of it.
import { randomBytes } from "node:crypto";
import { LimitError, ProtocolError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { scram } from "../src/index.ts";
import { begin, bytes, converse, respond, type Tampering } from "./conversation.ts";
import { ScramServer } from "./scram-server.ts";

const account = { user: "user", password: "pencil" };
const UNPROVEN = "ERR_NETCLI_SASL_SERVER_UNPROVEN";

/** The signature with its first bit changed. */
function flipped(message: string): string {
  const signature = Buffer.from(message.slice(2), "base64");
  signature[0] = (signature[0] ?? 0) ^ 1;
  return `v=${signature.toString("base64")}`;
}

describe("a server that does not know the password", () => {
  const silent = /^the server says that we are in, but has not proved/;
  const wrong = /^the server does not know the password/;
  it.each<[string, Tampering["final"] & {}]>([
    ["has one bit of the signature wrong", flipped],
    ["makes a signature up", () => `v=${randomBytes(32).toString("base64")}`],
    ["signs with a hash of another size", () => `v=${randomBytes(20).toString("base64")}`],
    [
      "sends the beginning of the signature",
      (message) => `v=${Buffer.from(message.slice(2), "base64").subarray(0, 8).toString("base64")}`,
    ],
    ["signs with nothing but zeros", () => `v=${Buffer.alloc(32).toString("base64")}`],
  ])("is found out when it %s", async (_what, final) => {
    const error = await failureOf(converse(scram("SHA-256", account), new ScramServer(), { final }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: UNPROVEN, message: expect.stringMatching(wrong) });
  });

  it("is found out when it sends our own proof back", async () => {
    const mechanism = scram("SHA-256", account);
    const server = new ScramServer();
    const clientFinal = await respond(mechanism, server.first((await begin(mechanism)) ?? ""));
    const proof = /p=(.+)$/.exec(clientFinal)?.[1] ?? "";
    expect(await failureOf(respond(mechanism, `v=${proof}`))).toMatchObject({ code: UNPROVEN });
  });

  it.each<[string, (mechanism: ReturnType<typeof scram>) => Promise<unknown>]>([
    ["before a word of ours", async () => undefined],
    ["behind our first message", (mechanism) => begin(mechanism)],
    [
      "instead of its signature",
      async (mechanism) => respond(mechanism, new ScramServer().first((await begin(mechanism)) ?? "")),
    ],
  ])("is found out when it claims success %s", async (_when, upTo) => {
    const mechanism = scram("SHA-256", account);
    await upTo(mechanism);
    for (const data of [undefined, new Uint8Array()]) {
      expect(() => mechanism.done(data)).toThrow(
        expect.objectContaining({ code: UNPROVEN, message: expect.stringMatching(silent) }),
      );
    }
  });

  it("is found out when the proof beside its success is wrong", async () => {
    const mechanism = scram("SHA-256", account);
    await respond(mechanism, new ScramServer().first((await begin(mechanism)) ?? ""));
    expect(() => mechanism.done(bytes(`v=${randomBytes(32).toString("base64")}`))).toThrow(
      expect.objectContaining({ code: UNPROVEN, message: expect.stringMatching(wrong) }),
    );
  });

  it("is found out when it refuses and then lets us in all the same", async () => {
    const mechanism = scram("SHA-256", account);
    await begin(mechanism);
    await respond(mechanism, "e=other-error");
    expect(() => mechanism.done(undefined)).toThrow(expect.objectContaining({ code: UNPROVEN }));
    const late = scram("SHA-256", account);
    await respond(late, new ScramServer().first((await begin(late)) ?? ""));
    expect(() => late.done(bytes("e=other-error"))).toThrow(expect.objectContaining({ code: UNPROVEN }));
  });

  it("is found out when it repeats a signature that it has heard before", async () => {
    const [, , , heard = ""] = await converse(scram("SHA-256", account), new ScramServer());
    const error = await failureOf(
      converse(scram("SHA-256", account), new ScramServer(), { final: () => heard }),
    );
    expect(error).toMatchObject({ code: UNPROVEN });
  });
});

describe("a question is refused that", () => {
  const salt = "c2l4dGVlbiBieXRlcyBvZg==";
  it.each<[string, string, RegExp]>([
    ["has a nonce of someone else", `r=theirs+more,s=${salt},i=4096`, /a nonce that is not made of ours/],
    ["has our nonce at the end", `r=more+ours,s=${salt},i=4096`, /a nonce that is not made of ours/],
    ["has our nonce and nothing more", `r=ours,s=${salt},i=4096`, /adds nothing to our nonce/],
    ["has part of our nonce", `r=our,s=${salt},i=4096`, /a nonce that is not made of ours/],
    ["has a nonce with a space", `r=ours more,s=${salt},i=4096`, /a nonce that is not printable/],
    ["has a nonce beyond ASCII", `r=ours\u00e4,s=${salt},i=4096`, /a nonce that is not printable/],
    ["has a nonce with a line end", `r=ours\r\nmore,s=${salt},i=4096`, /a nonce that is not printable/],
    ["has no nonce", `s=${salt},i=4096`, /has no "r=" where it belongs/],
    ["has an empty nonce", `r=,s=${salt},i=4096`, /has no "r=" where it belongs/],
    ["has no salt", "r=ours+more,i=4096", /has no "s=" where it belongs/],
    ["has an empty salt", "r=ours+more,s=,i=4096", /has no "s=" where it belongs/],
    ["has a salt that is not base64", "r=ours+more,s=c2l4!,i=4096", /a salt that is not base64/],
    ["has a salt in another spelling", "r=ours+more,s=c2l4dGVlbg=,i=4096", /a salt that is not base64/],
    [
      "has a huge salt",
      `r=ours+more,s=${Buffer.alloc(1_025).toString("base64")},i=4096`,
      /a salt of 1025 bytes/,
    ],
    ["has no iteration count", `r=ours+more,s=${salt}`, /has no "i=" where it belongs/],
    ["counts to nothing", `r=ours+more,s=${salt},i=0`, /an iteration count that is no number/],
    ["counts backwards", `r=ours+more,s=${salt},i=-4096`, /an iteration count that is no number/],
    ["counts with a leading zero", `r=ours+more,s=${salt},i=04096`, /an iteration count that is no number/],
    ["counts in fractions", `r=ours+more,s=${salt},i=4096.5`, /an iteration count that is no number/],
    ["counts in powers", `r=ours+more,s=${salt},i=1e9`, /an iteration count that is no number/],
    ["counts in hexadecimal", `r=ours+more,s=${salt},i=0x1000`, /an iteration count that is no number/],
    ["counts and then stops", `r=ours+more,s=${salt},i=4096 `, /an iteration count that is no number/],
    ["has its attributes in another order", `s=${salt},r=ours+more,i=4096`, /has no "r=" where it belongs/],
    ["has an attribute twice", `r=ours+more,s=${salt},i=4096,i=1`, /has "i=" where it does not belong/],
    ["has a second salt", `r=ours+more,s=${salt},s=${salt},i=4096`, /has no "i=" where it belongs/],
    ["signs too early", `r=ours+more,s=${salt},i=4096,v=AAAA`, /has "v=" where it does not belong/],
    [
      "demands an extension",
      `m=ext,r=ours+more,s=${salt},i=4096`,
      /demands an extension that nobody here knows/,
    ],
    [
      "demands an extension at the end",
      `r=ours+more,s=${salt},i=4096,m=ext`,
      /has "m=" where it does not belong/,
    ],
    ["has an attribute without a name", `r=ours+more,s=${salt},i=4096,=x`, /an attribute of no known form/],
    ["has an attribute of two letters", `r=ours+more,s=${salt},i=4096,xy=z`, /an attribute of no known form/],
    ["has an attribute without a value", `r=ours+more,s=${salt},i=4096,x=`, /an attribute of no known form/],
    ["ends with a comma", `r=ours+more,s=${salt},i=4096,`, /an attribute of no known form/],
    ["has a NUL in an attribute", `r=ours+more,s=${salt},i=4096,x=a\0b`, /an attribute of no known form/],
    ["is empty", "", /has no "r=" where it belongs/],
  ])("%s", async (_what, question, message) => {
    const mechanism = scram("SHA-256", { ...account, nonce: "ours" });
    await begin(mechanism);
    const error = await failureOf(respond(mechanism, question));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_PROTOCOL", message: expect.stringMatching(message) });
    // And it does not recover.
    expect(await failureOf(respond(mechanism, `r=ours+more,s=${salt},i=4096`))).toBeInstanceOf(ProtocolError);
  });

  it("is not UTF-8", async () => {
    const mechanism = scram("SHA-256", { ...account, nonce: "ours" });
    await begin(mechanism);
    const question = Buffer.concat([bytes(`r=ours+more,s=${salt},i=4096,x=`), Buffer.from([0xff])]);
    const error = await failureOf(Promise.resolve(mechanism.next(question)));
    expect(error).toMatchObject({ message: "the server's SCRAM message is not UTF-8" });
  });

  it("would make the password cheap to guess (iteration downgrade)", async () => {
    const weak = new ScramServer({ iterations: 4095 });
    const error = await failureOf(converse(scram("SHA-256", account), weak));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      message: "the server wants 4095 SCRAM iterations, less than 4096 (minimumIterations)",
    });
    const known = new ScramServer({ iterations: 1_000 });
    await converse(scram("SHA-256", { ...account, minimumIterations: 1_000 }), known);
    expect(known.authenticated).toBeDefined();
  });

  it("would keep our CPU busy (iteration denial of service, CVE-2026-42256)", async () => {
    for (const count of ["2000001", "4294967296", "9".repeat(400)]) {
      const mechanism = scram("SHA-256", { ...account, nonce: "ours" });
      await begin(mechanism);
      const error = await failureOf(respond(mechanism, `r=ours+more,s=${salt},i=${count}`));
      expect(error).toBeInstanceOf(LimitError);
      expect(error).toMatchObject({ code: "ERR_NETCLI_LIMIT", limit: "maximumIterations" });
    }
  });

  it("is not refused for an extension that may be ignored", async () => {
    // Both sides sign the message as it was, so the extension has to be among what is signed.
    const mechanism = scram("SHA-256", { ...account, nonce: "ours" });
    await begin(mechanism);
    const answer = await respond(mechanism, `r=ours+more,s=${salt},i=4096,x=\u00e4=b,y=c`);
    const plainly = scram("SHA-256", { ...account, nonce: "ours" });
    await begin(plainly);
    const other = await respond(plainly, `r=ours+more,s=${salt},i=4096`);
    expect(answer).toMatch(/^c=biws,r=ours\+more,p=[A-Za-z0-9+/]{43}=$/);
    expect(answer).not.toBe(other);
  });
});

describe("an answer is refused that", () => {
  it.each<[string, string, RegExp]>([
    ["is empty", "", /has no "v=" where it belongs/],
    ["has an empty signature", "v=", /has no "v=" where it belongs/],
    ["is not base64", "v=!!!", /a signature that is not base64/],
    ["refuses without a reason", "e=", /has no "e=" where it belongs/],
    ["is another question", "r=ours+more,s=AAAA,i=4096", /has no "v=" where it belongs/],
    ["signs twice", "v=AAAA,v=AAAA", /has "v=" where it does not belong/],
    ["demands an extension", "v=AAAA,m=x", /has "m=" where it does not belong/],
  ])("%s", async (_what, answer, message) => {
    const error = await failureOf(
      converse(scram("SHA-256", account), new ScramServer(), { final: () => answer }),
    );
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  it("comes when all was said", async () => {
    const mechanism = scram("SHA-256", account);
    const [, question = "", , answer = ""] = await converse(mechanism, new ScramServer());
    for (const challenge of ["", answer, question]) {
      const error = await failureOf(respond(mechanism, challenge));
      expect(error).toMatchObject({
        message: "the server sent a challenge where SCRAM-SHA-256 has nothing more to say",
      });
    }
  });
});
