// Passwords and tokens show nowhere: not in traces, on the console, in diagnostics channels, in errors, or in what holds them.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import type { TraceEvent } from "@netcli/core-transport";
import { login, plain } from "@netcli/sasl";
import { failureOf, type ScriptedPeer, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test, vi } from "vitest";
import { Pop3Client, type Pop3Options, Pop3Session } from "../src/index.ts";
import { answer, greet, say } from "./scripted-pop3.ts";

const SECRET = "hunter2-correct-horse-battery";
const user = "somebody";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** All in which the secret may be: itself, base64 of any text around it, and hex. */
const traces = [
  SECRET,
  ...[0, 1, 2].map((shift) => base64(`${"x".repeat(shift)}${SECRET}`).slice(shift === 0 ? 0 : 4, -4)),
  Buffer.from(SECRET).toString("hex"),
];

/** Looks at all that is published, printed or given to it. */
class Watch implements Disposable {
  readonly seen: string[] = [];
  readonly trace = (event: TraceEvent): void => this.see(event);
  readonly #onEvent = (event: unknown): void => this.see(event);

  constructor() {
    subscribe("netcli.line", this.#onEvent);
    subscribe("netcli.connection", this.#onEvent);
    for (const method of ["error", "log", "warn", "info", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...words) => this.see(...words));
    }
  }

  see(...things: readonly unknown[]): void {
    for (const thing of things) {
      const all = { depth: 20, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null };
      this.seen.push(inspect(thing, all));
      if (thing instanceof Error)
        this.seen.push(`${thing.stack} ${JSON.stringify(thing)} ${inspect(thing.cause)}`);
    }
  }

  get leaks(): string[] {
    const shown = this.seen.join("\n");
    // Bytes are shown as hex in pairs.
    const joined = shown.replaceAll(/\s+/g, "");
    return traces.filter((trace) => shown.includes(trace) || joined.includes(trace));
  }

  [Symbol.dispose](): void {
    unsubscribe("netcli.line", this.#onEvent);
    unsubscribe("netcli.connection", this.#onEvent);
    vi.restoreAllMocks();
  }
}

test("a leak would be seen", () => {
  for (const thing of [
    SECRET,
    { a: [SECRET] },
    new Error("x", { cause: SECRET }),
    base64(`\0u\0${SECRET}x`),
    Buffer.from(SECRET),
  ]) {
    using watch = new Watch();
    watch.see(thing);
    expect(watch.leaks).not.toEqual([]);
  }
});

/** How each way to log in goes, to the last line before the server says yes or no. */
const exchanges: [string, Partial<Pop3Options>, string, (peer: ScriptedPeer) => Promise<void>][] = [
  [
    "USER and PASS",
    { password: SECRET },
    "USER",
    async (peer) => {
      await answer(peer, `USER ${user}`, "+OK");
      await peer.expect(`PASS ${SECRET}`);
    },
  ],
  [
    "PLAIN",
    { password: async () => SECRET },
    "SASL PLAIN",
    async (peer) => void (await peer.expect(/^AUTH PLAIN /)),
  ],
  [
    "PLAIN without an initial response",
    { password: SECRET + "x".repeat(300) },
    "SASL PLAIN",
    async (peer) => {
      await answer(peer, "AUTH PLAIN", "+ ");
      await peer.expect(/./);
    },
  ],
  [
    "LOGIN",
    { password: () => SECRET },
    "SASL LOGIN",
    async (peer) => {
      await answer(peer, "AUTH LOGIN", "+ VXNlcm5hbWU6");
      await answer(peer, base64(user), "+ UGFzc3dvcmQ6");
      await peer.expect(base64(SECRET));
    },
  ],
  [
    "CRAM-MD5",
    { password: SECRET },
    "SASL CRAM-MD5",
    async (peer) => {
      await answer(peer, "AUTH CRAM-MD5", "+ PDEuMkBteD4=");
      await peer.expect(/./);
    },
  ],
  ["XOAUTH2", { token: SECRET }, "SASL XOAUTH2", async (peer) => void (await peer.expect(/^AUTH XOAUTH2 /))],
  [
    "OAUTHBEARER",
    { token: SECRET },
    "SASL OAUTHBEARER",
    async (peer) => void (await peer.expect(/^AUTH OAUTHB/)),
  ],
  ["APOP", { password: SECRET, apop: true }, "TOP", async (peer) => void (await peer.expect(/^APOP /))],
];

const endings: [string, (peer: ScriptedPeer) => Promise<void>][] = [
  ["lets us in", (peer) => say(peer, "+OK in")],
  ["refuses", (peer) => say(peer, "-ERR [AUTH] no")],
  ["asks on", (peer) => say(peer, "+ Pw==", "+ Pw==", "-ERR no")],
  ["says what is no reply", (peer) => say(peer, "what?")],
  ["leaves", async (peer) => peer.end()],
  ["resets", async (peer) => peer.reset()],
];

describe.each(exchanges)("%s shows no secret", (_way, credentials, offer, exchange) => {
  test.each(endings)("if the server %s", async (_what, end) => {
    using watch = new Watch();
    const { trace } = watch;
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, offer);
      await exchange(peer);
      await end(peer);
      await peer.readToEnd().catch(() => undefined);
    });
    const { host, port } = server;
    const options = { host, port, user, trace, timeouts: { close: 100 }, ...credentials };
    const client = await Pop3Client.connect(options).catch((error: unknown) => {
      watch.see(error);
    });
    if (client !== undefined) {
      watch.see(client);
      await client.use(async (session) => {
        watch.see(session, session.capabilities, JSON.stringify(session));
        const failing = failureOf(session.noop());
        session.close();
        watch.see(await failing, session);
      });
      client.close();
      watch.see(client);
    }
    expect(watch.seen.length).toBeGreaterThan(3);
    expect(watch.leaks).toEqual([]);
  });
});

const verbs: [string, (session: Pop3Session) => Promise<unknown>][] = [
  ["pass", (session) => session.pass(SECRET)],
  ["login", (session) => session.login(user, SECRET)],
  ["apop", (session) => session.apop(user, SECRET)],
  ["auth with PLAIN", (session) => session.auth(plain({ user, password: SECRET }))],
  ["auth with LOGIN", (session) => session.auth(login({ user, password: SECRET }))],
  ["sendCmd with PASS", (session) => session.sendCmd(`PASS ${SECRET}`)],
  ["sendCmd with pass", (session) => session.sendCmd(`pass ${SECRET}`)],
  ["sendCmd with a tab", (session) => session.sendCmd(`PASS\t${SECRET}`)],
  ["sendCmd with a blank before it", (session) => session.sendCmd(` PASS ${SECRET}`)],
  ["sendCmd with AUTH", (session) => session.sendCmd(`AUTH PLAIN ${base64(`\0${user}\0${SECRET}`)}`)],
  ["sendCmd with an unknown verb", (session) => session.sendCmd(`XLOGIN ${SECRET}`)],
  ["sendCmd with nothing but a response", (session) => session.sendCmd(base64(SECRET))],
];

test.each(verbs)("setDebugLevel shows no secret of %s, nor do the errors", async (_name, call) => {
  using watch = new Watch();
  await using server = await scriptedServer(async (peer) => {
    await say(peer, "+OK <1.2@pop.example.org>");
    for (;;) await say(peer, (await peer.readLine()) === "CAPA" ? "-ERR" : "-ERR no");
  });
  const { host, port } = server;
  const session = await Pop3Session.connect({ host, port });
  session.setDebugLevel(1);
  await call(session).catch((error: unknown) => watch.see(error));
  watch.see(session);
  session.close();
  watch.see(await failureOf(session.noop()));
  expect(watch.seen.join("\n")).toContain("*cmd*");
  expect(watch.leaks).toEqual([]);
});

test("the errors of URLs, and of what a secret may not be, show none", async () => {
  using watch = new Watch();
  for (const url of [
    `pop3://${user}:${SECRET}@localhost:x`,
    `http://${user}:${SECRET}@localhost`,
    `pop3://${user}:${SECRET}@localhost/path`,
    `pop3://${user}:${SECRET}@[::1`,
    `pop3://${user}:${SECRET}%0A@localhost`,
  ]) {
    watch.see(await failureOf(Pop3Session.connect(url)), await failureOf(Pop3Client.connect(url)));
  }
  const wrong: Partial<Pop3Options>[] = [
    { password: `${SECRET}\n` },
    { password: () => `${SECRET}\0` },
    { password: async () => `${SECRET}\r\nDELE 1` },
    { token: `${SECRET}\u0007` },
  ];
  for (const credentials of wrong) {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "USER", "SASL PLAIN LOGIN XOAUTH2 OAUTHBEARER");
      for (;;) await answer(peer, /./, "-ERR no");
    });
    const { host, port } = server;
    const { trace } = watch;
    watch.see(await failureOf(Pop3Session.connect({ host, port, user, trace, ...credentials })));
  }
  expect(watch.leaks).toEqual([]);
});

test("a client that connects again shows none", async () => {
  using watch = new Watch();
  const { trace } = watch;
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "USER");
    await answer(peer, `USER ${user}`, "+OK");
    await answer(peer, `PASS ${SECRET}`, "+OK");
    await answer(peer, "NOOP", "+OK");
  });
  const { host, port } = server;
  const client = await Pop3Client.connect({ host, port, user, password: SECRET, trace });
  for (let count = 0; count < 2; count += 1) {
    await client.use((session) => session.noop());
    watch.see(client, await failureOf(client.use((session) => session.noop())));
  }
  client.close();
  expect(server.connections).toBe(2);
  expect(watch.leaks).toEqual([]);
});
