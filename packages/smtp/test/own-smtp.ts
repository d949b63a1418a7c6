// Sessions and clients on the ESMTP server of test-servers, which notes what a client must not do.
import { setImmediate as tick } from "node:timers/promises";
import { createAuthority } from "@netcli/test-kit";
import { type EsmtpServer, type EsmtpServerOptions, startEsmtpServer } from "@netcli/test-servers";
import { afterAll, expect } from "vitest";
import {
  LmtpClient,
  SmtpClient,
  type SmtpClientOptions,
  type SmtpOptions,
  SmtpSession,
} from "../src/index.ts";

const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
export const tlsOptions = { ca: authority.certificate };

export const from = "ann@example.org";
export const to = "bob@example.org";

/** A short message, with a dot where it matters. */
export const message = "Subject: hello\r\n\r\n.a dot\r\n";

interface Fixture extends AsyncDisposable {
  readonly server: EsmtpServer;
  /** The lines that the server got from now on. */
  readonly since: () => () => readonly string[];
  /** What the client is to do wrong here; without that nothing may be wrong at the end. */
  readonly forgive: (violation: RegExp) => void;
  /** The texts that a user got. */
  readonly got: (user: string) => string[];
}

export interface SessionFixture extends Fixture {
  readonly session: SmtpSession;
}

export interface ClientFixture extends Fixture {
  readonly client: SmtpClient;
}

async function around<T extends { close(): void }>(
  serverOptions: EsmtpServerOptions,
  open: (server: EsmtpServer) => Promise<T>,
): Promise<{ readonly fixture: Fixture; readonly opened: T }> {
  const server = await startEsmtpServer(serverOptions);
  const opened = await open(server).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const forgiven: RegExp[] = [];
  const fixture: Fixture = {
    server,
    forgive: (violation) => void forgiven.push(violation),
    since: () => {
      const before = server.commands.length;
      return () => server.commands.slice(before);
    },
    got: (user) => server.mailboxes.messagesOf(user).map(({ data }) => Buffer.from(data).toString()),
    async [Symbol.asyncDispose]() {
      opened.close();
      await server.close();
      const left = server.violations.filter((violation) => !forgiven.some((one) => one.test(violation)));
      expect(left).toEqual([]);
    },
  };
  return { fixture, opened };
}

/** A session that has said EHLO, or LHLO. */
export async function onServer(
  serverOptions: EsmtpServerOptions = {},
  options: Partial<SmtpOptions> = {},
): Promise<SessionFixture> {
  const { fixture, opened } = await around(serverOptions, async ({ host, port }) => {
    const protocol = serverOptions.lmtp === true ? "lmtp" : "smtp";
    const session = await SmtpSession.connect({ host, port, protocol, tlsOptions, ...options });
    await session.ehloOrHeloIfNeeded();
    return session;
  });
  return { ...fixture, session: opened };
}

/** A client; it is not tried again what the test does not say. */
export async function clientOn(
  serverOptions: EsmtpServerOptions = {},
  options: Partial<SmtpClientOptions> = {},
): Promise<ClientFixture> {
  const { fixture, opened } = await around(serverOptions, ({ host, port }) => {
    const kind = serverOptions.lmtp === true ? LmtpClient : SmtpClient;
    return kind.connect({ host, port, tlsOptions, retries: 0, ...options });
  });
  return { ...fixture, client: opened };
}

/** Long enough for all to be heard that is on its way on this machine. */
export async function turns(count: number = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await tick();
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
