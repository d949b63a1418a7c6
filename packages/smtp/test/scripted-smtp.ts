// An SMTP server that does what a test's script says, and sessions and clients for it.
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { setImmediate as tick } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import { createAuthority, type ScriptedPeer, type ScriptedServer, scriptedServer } from "@netcli/test-kit";
import { afterAll, expect } from "vitest";
import { type SmtpOptions, SmtpSession } from "../src/index.ts";

const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
export const tlsOptions = { ca: authority.certificate };

/** What clients in these tests call themselves, and so what they send first. */
export const name = "client.example.org";
export const ehlo = `EHLO ${name}\r\n`;

/** Smtp is the server's side of one connection. */
export class Smtp {
  readonly peer: ScriptedPeer;

  constructor(peer: ScriptedPeer) {
    this.peer = peer;
    // Or a reply behind another one would wait until the client has confirmed that.
    peer.socket.setNoDelay(true);
  }

  /** Sends lines in one write. */
  say(...lines: readonly string[]): Promise<void> {
    return this.peer.send(lines.map((line) => `${line}\r\n`).join(""));
  }

  expect(command: string | RegExp): Promise<string> {
    return this.peer.expect(command);
  }

  /** Expects a command and answers it. */
  async answer(command: string | RegExp, ...lines: readonly string[]): Promise<void> {
    await this.peer.expect(command);
    await this.say(...lines);
  }

  /** Expects EHLO or LHLO and offers these extensions. */
  offer(...extensions: readonly string[]): Promise<void> {
    return this.answer(/^[EL]HLO /, ...ehloLines(extensions));
  }

  /** Greets, and offers these extensions. */
  async greet(...extensions: readonly string[]): Promise<void> {
    await this.say("220 mx.example.org ESMTP");
    await this.offer(...extensions);
  }

  /** Takes STARTTLS. */
  async secure(tls: TlsOptions = identity): Promise<void> {
    await this.answer("STARTTLS", "220 go");
    await this.peer.startTls(tls);
  }

  /** Takes MAIL and as many RCPT, and gives the go-ahead for the message. */
  async envelope(recipients: number = 1): Promise<void> {
    await this.answer(/^MAIL FROM:</, "250 fine");
    for (let count = 0; count < recipients; count += 1) await this.answer(/^RCPT TO:</, "250 fine");
    await this.answer("DATA", "354 go on");
  }

  /** Reads a message to the one line that ends it, which is not part of it; dots stay stuffed. */
  async content(): Promise<string> {
    let content = "";
    for (let line = await this.peer.readLine(); line !== "."; line = await this.peer.readLine()) {
      content += `${line}\r\n`;
    }
    return content;
  }

  /** Takes a message. */
  async take(recipients: number = 1): Promise<string> {
    await this.envelope(recipients);
    const content = await this.content();
    await this.say("250 queued as 1");
    return content;
  }

  /** Answers NOOP: what a test asks for to see that the session still works. */
  async prove(): Promise<void> {
    await this.answer("NOOP", "250 here");
  }
}

export function ehloLines(extensions: readonly string[]): string[] {
  const lines = ["mx.example.org", ...extensions];
  return lines.map((line, index) => `250${index === lines.length - 1 ? " " : "-"}${line}`);
}

export type SmtpScript = (smtp: Smtp, index: number) => Promise<void>;

/** Runs the script for each client; with `tls` it speaks TLS from the first byte. */
export function smtpServer(script: SmtpScript, options: { tls?: TlsOptions } = {}): Promise<ScriptedServer> {
  return scriptedServer((peer, index) => script(new Smtp(peer), index), options);
}

export interface SessionFixture extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly session: SmtpSession;
  /** Ends the session; resolves to what the client has sent in all. */
  sent(): Promise<string>;
}

/** A session that was greeted; the script goes on there. */
export async function greeted(
  script: (smtp: Smtp) => Promise<void>,
  options: Partial<SmtpOptions> = {},
): Promise<SessionFixture> {
  const server = await smtpServer(async (smtp) => {
    await smtp.say("220 mx.example.org ESMTP");
    await script(smtp);
  });
  const { host, port } = server;
  const session = await SmtpSession.connect({ host, port, name, ...options });
  return {
    server,
    session,
    sent: async () => {
      session.close();
      await server.settled();
      return server.received.toString("latin1");
    },
    async [Symbol.asyncDispose]() {
      session.close();
      await server.close();
    },
  };
}

/** A session that was told these extensions; the script goes on there. */
export async function introduced(
  extensions: readonly string[],
  script: (smtp: Smtp) => Promise<void>,
  options: Partial<SmtpOptions> = {},
): Promise<SessionFixture> {
  const fixture = await greeted(async (smtp) => {
    await smtp.offer(...extensions);
    await script(smtp);
  }, options);
  await fixture.session.ehloOrHeloIfNeeded();
  return fixture;
}

/** A way to the server that is not known to be private, whatever the host is called. */
export function throughTunnel({
  host,
  port,
}: ScriptedServer): Required<Pick<SmtpOptions, "host" | "port" | "proxy">> {
  const proxy = async (): Promise<Socket> => {
    const socket = netConnect(port, host);
    await once(socket, "connect");
    return socket;
  };
  // The name is one that the certificate is for.
  return { host: "localhost", port: 25, proxy };
}

/** Fails the test file if a promise is rejected that nobody handles. */
export function refuseUnhandled(): void {
  const reasons: unknown[] = [];
  const listener = (reason: unknown): void => void reasons.push(reason);
  process.on("unhandledRejection", listener);
  afterAll(async () => {
    await tick();
    process.off("unhandledRejection", listener);
    expect(reasons).toEqual([]);
  });
}
