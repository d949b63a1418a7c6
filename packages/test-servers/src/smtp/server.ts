// An ESMTP and LMTP server for tests: exact about what comes, with faults on request.
import { type Connection, NetcliError } from "@netcli/core-transport";
import { serve, type ServeOptions } from "@netcli/socketserver";
import { delayedRelay } from "@netcli/test-kit";
import { Mailboxes } from "../mailbox.ts";
import type { EsmtpServerOptions } from "./options.ts";
import { perform } from "./perform.ts";
import { Session } from "./session.ts";
import type { Shared } from "./shared.ts";
import type { EsmtpServer } from "./view.ts";

function check({ tls, tlsMode, requireTls, host, port, path, delay = 0 }: EsmtpServerOptions): void {
  if (tls === undefined && (tlsMode === "implicit" || requireTls === true)) {
    throw new TypeError("there is no TLS without tls");
  }
  if (!/^(?:127(?:\.\d{1,3}){3}|::1)$/.test(host ?? "127.0.0.1")) {
    throw new TypeError(`a test server does not listen on ${host}`);
  }
  if (delay > 0 && (port !== undefined || path !== undefined)) {
    throw new TypeError("with delay the port can't be chosen");
  }
}

/** Starts a server. Rejects with what `serve` rejects with. */
export async function startEsmtpServer(options: EsmtpServerOptions = {}): Promise<EsmtpServer> {
  check(options);
  const { users, mailboxes, name = "test.invalid" } = options;
  return listen({
    options,
    name,
    mailboxes: mailboxes ?? new Mailboxes(users === undefined ? undefined : Object.keys(users)),
    commands: [],
    violations: [],
    received: [],
    errors: [],
    sessions: [],
  });
}

function serveOptions({ options, errors }: Shared): ServeOptions {
  const { host = "127.0.0.1", port, path, maxConnections, tlsMode } = options;
  return {
    ...(path === undefined ? { host, port } : { path }),
    maxConnections,
    overflow: "refuse",
    // Nobody could read it.
    refusal: tlsMode === "implicit" ? undefined : "421 4.3.2 Too many connections.",
    timeouts: { idle: Infinity },
    onError: (error) => errors.push(error),
  };
}

async function listen(shared: Shared): Promise<EsmtpServer> {
  const { options } = shared;
  const { path, delay = 0 } = options;
  const runs = new Set<Promise<void>>();
  const server = await serve(async (connection: Connection) => {
    const session = new Session(connection, shared, shared.sessions.length + 1, perform);
    shared.sessions.push(session);
    const run = session.run();
    runs.add(run);
    await run;
  }, serveOptions(shared));
  const host = path === undefined ? (options.host ?? "127.0.0.1") : "";
  const { port: ownPort } = server.address;
  const relay = delay === 0 ? undefined : await delayedRelay({ host, port: ownPort, milliseconds: delay });
  let closing: Promise<void> | undefined;
  const shutDown = async (): Promise<void> => {
    await Promise.all([server.shutdown({ deadline: 0 }), relay?.close()]);
    await Promise.all(runs);
  };
  const close = async (): Promise<void> => {
    const isFirst = closing === undefined;
    closing ??= shutDown();
    await closing;
    const bug = shared.errors.find((error) => !(error instanceof NetcliError));
    if (isFirst && bug !== undefined) throw bug;
  };
  const port = relay?.port ?? ownPort;
  return {
    host,
    port,
    path,
    url: path === undefined ? urlOf(options, host, port) : "",
    mailboxes: shared.mailboxes,
    received: shared.received,
    commands: shared.commands,
    violations: shared.violations,
    sessions: shared.sessions,
    errors: shared.errors,
    get flights() {
      return shared.sessions.reduce((sum, { flights }) => sum + flights, 0);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function urlOf({ lmtp = false, tlsMode }: EsmtpServerOptions, host: string, port: number): string {
  const scheme = lmtp ? "lmtp" : tlsMode === "implicit" ? "smtps" : "smtp";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
