// What a server can do wrong at every step of a session: it says 421, or nothing at all, or something that is no answer;
// who waits is told in time, and the next mail goes through.
import { ConnectionClosedError, NetcliError, ProtocolError, TimeoutError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { type EsmtpAnswer, type EsmtpHook, startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { LmtpClient, SendError, SmtpClient, type SmtpClientOptions } from "../src/index.ts";
import { from, identity, message, refuseUnhandled, tlsOptions } from "./own-smtp.ts";

refuseUnhandled();

const to = ["a@f.example", "b@f.example"];
const mailboxes = { users: { ann: "secret", a: "", b: "" } };
const names = (line: string): string => line.split(/[ :]/)[0]?.toUpperCase() ?? "";

/** A way to send, and the steps of it in their order. */
interface Way {
  readonly name: string;
  readonly steps: readonly string[];
  readonly options: Partial<SmtpClientOptions>;
  readonly extensions: readonly string[];
  readonly isLmtp?: boolean;
}

const login = ["CONNECT", "EHLO", "STARTTLS", "EHLO 2", "AUTH"];
const common = ["STARTTLS", "AUTH PLAIN", "ENHANCEDSTATUSCODES"];
const ways: readonly Way[] = [
  {
    name: "DATA",
    steps: [...login, "MAIL", "RCPT", "RCPT 2", "DATA", "."],
    options: {},
    extensions: ["PIPELINING", ...common],
  },
  {
    name: "DATA, one by one",
    steps: [...login, "MAIL", "RCPT", "RCPT 2", "DATA", "."],
    options: {},
    extensions: common,
  },
  {
    name: "BDAT",
    steps: [...login, "MAIL", "RCPT", "RCPT 2", "BDAT", "."],
    options: { chunking: true },
    extensions: ["PIPELINING", "CHUNKING", ...common],
  },
  {
    name: "DATA, full overlap",
    steps: ["MAIL", "RCPT", "RCPT 2", "DATA", "."],
    options: { pipelining: "full" },
    extensions: ["PIPELINING", ...common],
  },
  {
    name: "LMTP",
    steps: ["CONNECT", "LHLO", "MAIL", "RCPT", "RCPT 2", "DATA", ".", ". 2"],
    options: {},
    extensions: ["PIPELINING", "ENHANCEDSTATUSCODES"],
    isLmtp: true,
  },
];

/** Does that at one step of the first session. */
function at(step: string, answer: EsmtpAnswer): EsmtpHook {
  const [wanted, count = "1"] = step.split(" ");
  let seen = 0;
  return (verb, _line, { number }) => {
    if (number !== 1 || verb !== wanted) return undefined;
    seen += 1;
    return seen === Number(count) ? answer : undefined;
  };
}

interface Outcome {
  readonly error: unknown;
  readonly delivered: readonly number[];
  readonly milliseconds: number;
}

/** Sends one mail to a server that does that, and another one to see that all is well again. */
async function outcomeOf(
  { options, extensions, isLmtp = false }: Way,
  reply: EsmtpHook,
  more: Partial<SmtpClientOptions> = {},
): Promise<Outcome> {
  const secure = isLmtp ? {} : { tls: identity, ...mailboxes };
  await using server = await startEsmtpServer({ ...secure, extensions, lmtp: isLmtp, reply });
  const { host, port } = server;
  const given: SmtpClientOptions = {
    host,
    port,
    retries: 0,
    timeouts: { close: 50 },
    ...(isLmtp ? {} : { user: "ann", password: "secret", tls: "starttls", tlsOptions }),
    ...options,
    ...more,
  };
  const open = (): Promise<SmtpClient> => (isLmtp ? LmtpClient.connect(given) : SmtpClient.connect(given));
  const begun = performance.now();
  const connecting = await open().catch((error: unknown) => error as Error);
  const isOpen = connecting instanceof SmtpClient;
  const error = isOpen ? await failureOf(connecting.send({ from, to, message })) : connecting;
  const milliseconds = performance.now() - begun;
  const client = isOpen ? connecting : await open();
  const delivered = ["a", "b"].map((user) => server.mailboxes.messagesOf(user).length);
  expect((await client.send({ from, to, message: "next\r\n" })).accepted).toEqual(to);
  await client.quit();
  await Promise.all(server.sessions.map(({ ended }) => ended));
  return { error, delivered, milliseconds };
}

const impatient = { timeouts: { close: 50, reply: 400, greeting: 400 }, messageTimeout: 400 };

const isInMail = (step: string): boolean => /^(?:MAIL|RCPT|DATA|BDAT|\.)/.test(step);
// Behind these the server may have the message.
const isBehind = (step: string): boolean => /^\.|BDAT/.test(step);

function assertTold421({ isLmtp = false }: Way, step: string, { error, delivered }: Outcome): void {
  expect((error as Error).message).toContain("421 4.3.2 I am going.");
  expect(error).toMatchObject(step === "CONNECT" ? { reply: { code: 421 }, isTemporary: true } : {});
  if (!isInMail(step)) return;
  // Of the other recipient it says nothing any more.
  const isOpen = step === "." && isLmtp;
  expect(error).toMatchObject({ isTemporary: true, mayHaveBeenSent: isOpen });
  expect((error as SendError).cause).toBeInstanceOf(ConnectionClosedError);
  const statuses = statusesOf(error);
  const isOfOne = step.startsWith("RCPT");
  expect(statuses).toEqual(isOfOne ? statuses : ["refused", isOpen ? "unknown" : "refused"]);
  expect(delivered).toEqual([0, 0]);
}

function assertSilent(step: string, { error, delivered, milliseconds }: Outcome): void {
  expect(milliseconds).toBeLessThan(3_000);
  expect(isInMail(step) ? (error as Error).cause : error).toBeInstanceOf(TimeoutError);
  if (!isInMail(step)) return;
  expect((error as SendError).mayHaveBeenSent).toBe(isBehind(step));
  for (const [index, status] of statusesOf(error).entries()) {
    expect(status).not.toBe("refused");
    expect(status === "unsent" ? delivered[index] : 0).toBe(0);
  }
}

function assertEnded(step: string, { error, delivered }: Outcome): void {
  const cause = error instanceof SendError ? error.cause : error;
  expect(cause).toBeInstanceOf(step === "STARTTLS" ? NetcliError : ConnectionClosedError);
  if (!isInMail(step)) return;
  expect((error as SendError).mayHaveBeenSent).toBe(isBehind(step));
  const statuses = statusesOf(error);
  expect(statuses).toEqual(step === ". 2" ? ["accepted", "unknown"] : statuses);
  expect(delivered).toEqual(step === ". 2" ? [1, 0] : [0, 0]);
}

function statusesOf(error: unknown): string[] {
  if (!(error instanceof SendError)) throw new Error("it is no SendError", { cause: error });
  return error.recipients.map(({ status }) => status);
}

describe.concurrent.each(ways)("$name:", (way) => {
  const { steps } = way;

  test("all is well when nothing is wrong", async () => {
    const said: string[] = [];
    const outcome = outcomeOf(way, (verb) => void said.push(verb));
    await expect(outcome).rejects.toThrow("it did not fail");
    expect(steps.every((step) => said.includes(names(step)))).toBe(true);
  });

  // Behind the answer for the first recipient it is that of the second one: see below.
  const told = steps.filter((step) => step !== ". 2");

  test.each(told)("421 at %s ends the session, and is told", async (step) => {
    assertTold421(way, step, await outcomeOf(way, at(step, "421 4.3.2 I am going.")));
    expect.hasAssertions();
  });

  test.each(steps)("silence at %s is a TimeoutError in time", async (step) => {
    assertSilent(step, await outcomeOf(way, at(step, "stall"), impatient));
    expect.hasAssertions();
  });

  test.each(steps)("an end at %s is told, and which step it was", async (step) => {
    for (const answer of ["drop", "reset"]) assertEnded(step, await outcomeOf(way, at(step, answer)));
    expect.hasAssertions();
  });

  test.each(steps.filter((step) => isInMail(step) && step !== "BDAT"))(
    "what is no reply at %s breaks the protocol",
    async (step) => {
      const { error } = await outcomeOf(way, at(step, { reply: null, raw: "what?\r\n", skip: true }));
      expect((error as Error).cause).toBeInstanceOf(ProtocolError);
      expect((error as SendError).mayHaveBeenSent).toBe(step.startsWith("."));
    },
  );
});

test("421 for one recipient of LMTP is nothing to the one before it", async () => {
  const reply = at(". 2", "421 4.3.2 I am going.");
  await using server = await startEsmtpServer({ lmtp: true, reply });
  await using client = await LmtpClient.connect(server.url);
  const { recipients } = await client.send({ from, to, message });
  expect(recipients.map(({ status, reply: said }) => [status, said?.code])).toEqual([
    ["accepted", 250],
    ["refused", 421],
  ]);
  expect((await client.send({ from, to, message })).accepted).toEqual(to);
  expect(server.sessions).toHaveLength(2);
});

describe("a server that goes too far", () => {
  const [way] = ways as [Way];

  test.each(["250 fine", "250 fine\r\n250 fine"])(
    "with %j that nobody asked for ends the session",
    async (line) => {
      const extra = at(".", { raw: `${line}\r\n` });
      const server = await startEsmtpServer({ reply: extra });
      await using client = await SmtpClient.connect(server.url);
      // The message itself was answered.
      expect((await client.send({ from, to, message })).accepted).toEqual(to);
      expect((await client.send({ from, to, message: "next\r\n" })).accepted).toEqual(to);
      expect(server.mailboxes.messagesOf("a")).toHaveLength(2);
      client.close();
      await server.close();
    },
  );

  test.each(["250 fine", "550 no", "220 go"])("with %j to DATA gets no message", async (reply) => {
    const { error, delivered } = await outcomeOf(way, at("DATA", { reply, skip: true }));
    expect(error).toMatchObject({ phase: "data", mayHaveBeenSent: false });
    expect(delivered).toEqual([0, 0]);
  });

  test.each(["354 go", "150 wait"])("with %j to MAIL and to RCPT breaks the protocol", async (reply) => {
    for (const step of ["MAIL", "RCPT"]) {
      const { error, delivered } = await outcomeOf(way, at(step, { reply, skip: true }));
      expect(error).toBeInstanceOf(SendError);
      expect(error).toMatchObject({ mayHaveBeenSent: false });
      expect(delivered).toEqual([0, 0]);
    }
  });

  test("with 354 to the message itself breaks the protocol", async () => {
    const { error } = await outcomeOf(way, at(".", { reply: "354 more", skip: true }));
    expect((error as Error).cause).toBeInstanceOf(ProtocolError);
    // It has the message, and nobody knows what it makes of it.
    expect(error).toMatchObject({ phase: "message", mayHaveBeenSent: true });
    expect(statusesOf(error)).toEqual(["unknown", "unknown"]);
  });

  test("with an answer in the middle of the message ends the session, and says what it was", async () => {
    const big = "x".repeat(4_000_000);
    const reply = at("DATA", { content: { after: 1_000, reply: "552 5.3.4 Too large." } });
    const server = await startEsmtpServer({ reply });
    await using client = await SmtpClient.connect(server.url);
    const error = await failureOf(client.send({ from, to, message: [`A: b\r\n\r\n`, big, big, big] }));
    expect(error).toBeInstanceOf(SendError);
    expect((error as Error).message).toContain("552 5.3.4 Too large.");
    expect(error).toMatchObject({ mayHaveBeenSent: false });
    expect((await client.send({ from, to, message: "next\r\n" })).accepted).toEqual(to);
    client.close();
    await server.close();
  });
});
