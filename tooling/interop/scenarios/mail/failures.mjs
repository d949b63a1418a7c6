// A server that says no, or goes away, at each of the commands.
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { LmtpClient, send, SmtpClient, SmtpSession } from "../../../../packages/smtp/dist/index.js";

const switches = { "5xx": "-f", "4xx": "-r", "421 and the end": "-Q", "the end": "-q" };
const protocols = ["smtp", "lmtp"];
const phases = { MAIL: "mail", RCPT: "rcpt", DATA: "data", ".": "message" };

/** What must have come of a message. */
function checkFailure(error, command, failure) {
  strictEqual(error.name, "SendError");
  // What is sent ahead may be lost with what it was sent behind.
  strictEqual(error.phase, phases[command]);
  // Who goes away without a word when all was there may have taken it.
  const isUnknown = command === "." && failure === "the end";
  strictEqual(error.mayHaveBeenSent, isUnknown);
  strictEqual(error.isPermanent, failure === "5xx");
  strictEqual(error.isTemporary, failure !== "5xx");
  const [{ status, reply }] = error.recipients;
  if (isUnknown) strictEqual(status, "unknown");
  if (failure === "5xx" || failure === "4xx") {
    strictEqual(status, "refused");
    strictEqual(reply.code >= 500, failure === "5xx");
    strictEqual(error.cause.name, "ReplyError");
  } else {
    strictEqual(error.cause.name, "ConnectionClosedError");
  }
  if (failure === "421 and the end") strictEqual(error.cause.lastReply?.code, 421);
}

/** Each way to fail at one command of the mail itself, in every kind of pipelining. */
const failuresAt = (what, command) => ({
  name: `failuresAt${what}`,
  scenario: async (run) => {
    const { from, to, message } = run;
    for (const protocol of protocols) {
      for (const [failure, option] of Object.entries(switches)) {
        for (const pipelining of ["off", "safe", "full"]) {
          run.log(`${protocol}, ${failure}, ${pipelining}`);
          const before = run.lines.length;
          const options = await run.options([option, command], { protocol, pipelining });
          await rejects(send(options, { from, to, message }), (error) => {
            checkFailure(error, command, failure);
            return true;
          });
          // What the server had is not sent to it again, whatever became of it.
          const messages = run.lines.slice(before).filter((line) => / received 354/.test(line));
          if (command === ".") strictEqual(messages.length, 1);
        }
      }
    }
  },
});

/** Before there is any mail, it is not the mail that has failed. */
async function failuresAtTheGreeting(run) {
  const { from, to, message } = run;
  for (const [failure, name, code] of [
    ["-f", "ReplyError", 500],
    ["-r", "ReplyError", 450],
    ["-Q", "ReplyError", 421],
    ["-q", "ConnectionClosedError", undefined],
  ]) {
    const options = await run.options([failure, "CONNECT"]);
    for (const attempt of [() => SmtpSession.connect(options), () => send(options, { from, to, message })]) {
      await rejects(attempt, (error) => {
        strictEqual(error.name, name);
        strictEqual(error.reply?.code, code);
        return true;
      });
    }
  }
  strictEqual(run.lines.filter((line) => / sent MAIL/.test(line)).length, 0);
}

/** A server without EHLO still gets its mail; one that is gone, or wants to be left alone, does not. */
async function failuresAtEhlo(run) {
  const { from, to, message } = run;
  const mail = { from, to, message };
  const { accepted } = await send(await run.options(["-f", "EHLO"]), mail);
  deepStrictEqual(accepted, [to]);
  run.checkSaid(/ sent HELO /);
  strictEqual((await send(await run.options(["-e"]), mail)).accepted.length, 1);
  for (const failure of ["-r", "-Q", "-q"]) {
    await rejects(send(await run.options([failure, "EHLO"]), mail), {
      name: failure === "-r" ? "ReplyError" : "ConnectionClosedError",
    });
  }
  // LMTP has nothing older.
  for (const failure of ["-f", "-r"]) {
    await rejects(send(await run.options([failure, "LHLO"], { protocol: "lmtp" }), mail), {
      name: "ReplyError",
    });
  }
}

/** Who may not log in sends nothing. */
async function failuresAtLogin(run) {
  const { from, to, message } = run;
  const user = { user: "somebody", password: "secret" };
  for (const [failure, name, code] of [
    ["-f", "ReplyError", 500],
    ["-r", "ReplyError", 450],
    ["-Q", "ConnectionClosedError", undefined],
    ["-q", "ConnectionClosedError", undefined],
  ]) {
    await rejects(send(await run.options([failure, "AUTH"], user), { from, to, message }), (error) => {
      strictEqual(error.name, name);
      strictEqual(error.reply?.code, code);
      return true;
    });
  }
  strictEqual(run.lines.filter((line) => / sent MAIL/.test(line)).length, 0);
}

/** A refusal leaves the session as it was; whoever goes away, or says so, has ended it. */
async function failuresAtOtherCommands(run) {
  for (const [command, verb] of Object.entries({
    NOOP: (session) => session.noop(),
    RSET: (session) => session.rset(),
    VRFY: (session) => session.verify(run.to),
  })) {
    for (const [failure, option] of Object.entries(switches)) {
      const session = await SmtpSession.connect(await run.options([option, command]));
      run.ending(() => session.close());
      await session.ehlo();
      const isRefusal = failure === "5xx" || failure === "4xx";
      await rejects(verb(session), { name: isRefusal ? "ReplyError" : "ConnectionClosedError" });
      strictEqual(session.isOpen, isRefusal);
      if (isRefusal) strictEqual((await session.docmd("HELO", "client.netcli.test")).code, 250);
      await session.quit();
    }
  }
}

/** What was taken was taken, whatever follows. */
async function failuresAtQuit(run) {
  const { from, to, message } = run;
  for (const protocol of protocols) {
    for (const failure of Object.values(switches)) {
      const result = await send(await run.options([failure, "QUIT"], { protocol }), { from, to, message });
      deepStrictEqual(result.accepted, [to]);
    }
  }
}

/** The connection goes between two messages; the client gets another one. */
async function goneBetweenMessages(run) {
  const { from, to, message } = run;
  for (const failure of ["-q", "-Q"]) {
    const client = await SmtpClient.connect(await run.options([failure, "NOOP"]));
    run.ending(() => client.close());
    await client.send({ from, to, message });
    await rejects(
      client.use((session) => session.noop()),
      { name: "ConnectionClosedError" },
    );
    deepStrictEqual((await client.send({ from, to, message })).accepted, [to]);
    await client.quit();
  }
}

/** The server goes away at the second message of each session: no message is lost, and none is sent twice. */
async function refusalsLeaveTheSession(run) {
  const { from, to, message } = run;
  for (const [Client, protocol] of [
    [SmtpClient, "smtp"],
    [LmtpClient, "lmtp"],
  ]) {
    for (const command of ["MAIL", "RCPT", "DATA", "."]) {
      const client = await Client.connect(await run.options(["-r", command], { protocol }));
      run.ending(() => client.close());
      for (let count = 0; count < 3; count += 1) {
        await rejects(client.send({ from, to, message }), { name: "SendError", isTemporary: true });
      }
      await client.quit();
    }
  }
  // One session for each of them.
  const greetings = run.lines.filter((line) => / received 220 /.test(line));
  strictEqual(greetings.length, 8);
}

/** One recipient or several: LMTP's replies are told apart. */
async function severalRecipients(run) {
  const { from, message } = run;
  const to = ["one@netcli.test", "two@netcli.test", "three@netcli.test"];
  for (const protocol of protocols) {
    for (const pipelining of ["off", "safe", "full"]) {
      const client = await SmtpClient.connect(await run.options([], { protocol, pipelining }));
      run.ending(() => client.close());
      const sending = Array.from({ length: 10 }, () => client.send({ from, to, message }));
      for (const { accepted } of await Promise.all(sending)) deepStrictEqual(accepted, to);
      await client.quit();
    }
  }
}

/** A server that takes its time, and a caller who does not. While it does, it answers what comes behind. */
async function slowReplies(run) {
  const { from, to, message } = run;
  const pipelining = "off";
  const limits = { MAIL: { timeouts: { reply: 200 } }, ".": { messageTimeout: 200 } };
  for (const [command, limit] of Object.entries(limits)) {
    const options = await run.options(["-W", `${command}:30`], { ...limit, pipelining });
    await rejects(send(options, { from, to, message }), (error) => {
      strictEqual(error.name, "SendError");
      strictEqual(error.cause.name, "TimeoutError");
      strictEqual(error.mayHaveBeenSent, command === ".");
      return true;
    });
  }
  const aborting = new AbortController();
  const reason = new Error("enough");
  const trace = (event) => {
    run.trace(event);
    if (event.text.startsWith("RCPT")) aborting.abort(reason);
  };
  const options = await run.options(["-W", "RCPT:30"], { pipelining, trace });
  const sending = send(options, { from, to, message, signal: aborting.signal });
  await rejects(sending, (error) => error === reason);
}

export const scenarios = [
  failuresAt("TheSender", "MAIL"),
  failuresAt("TheRecipient", "RCPT"),
  failuresAt("TheGoAhead", "DATA"),
  failuresAt("TheEndOfTheMessage", "."),
  { scenario: failuresAtTheGreeting },
  { scenario: failuresAtEhlo },
  { scenario: failuresAtLogin },
  { scenario: failuresAtOtherCommands },
  { scenario: failuresAtQuit },
  { scenario: goneBetweenMessages },
  { scenario: refusalsLeaveTheSession },
  { scenario: severalRecipients },
  { scenario: slowReplies },
];
