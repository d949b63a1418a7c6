// A POP3 server for tests: exact about what comes, with faults on request.
import { type Connection, ConnectionClosedError, NetcliError } from "@netcli/core-transport";
import { serve, type ServeOptions } from "@netcli/socketserver";
import { delayedRelay } from "@netcli/test-kit";
import { Mailboxes } from "../mailbox.ts";
import type { Pop3ServerOptions } from "./options.ts";
import { perform } from "./perform.ts";
import { Session } from "./session.ts";
import type { Shared } from "./shared.ts";
import type { Pop3Server } from "./view.ts";

function check({ tls, tlsMode, requireTls, host, port, delay = 0 }: Pop3ServerOptions): void {
  if (tls === undefined && (tlsMode === "implicit" || requireTls === true)) {
    throw new TypeError("there is no TLS without tls");
  }
  if (!/^(?:127(?:\.\d{1,3}){3}|::1)$/.test(host ?? "127.0.0.1")) {
    throw new TypeError(`a test server does not listen on ${host}`);
  }
  if (delay > 0 && port !== undefined) throw new TypeError("with delay the port can't be chosen");
}

/** Starts a server. Rejects with what `serve` rejects with. */
export async function startPop3Server(options: Pop3ServerOptions = {}): Promise<Pop3Server> {
  check(options);
  const { users = { tester: "secret" }, name = "test.invalid" } = options;
  return listen({
    options: { ...options, users },
    name,
    mailboxes: options.mailboxes ?? new Mailboxes(namesOf({ ...options, users })),
    commands: [],
    violations: [],
    deleted: [],
    errors: [],
    sessions: [],
    open: new Set(),
    logins: new Map(),
  });
}

/** All who can log in. */
function namesOf({ users = {}, tokens = {}, external, anonymous }: Pop3ServerOptions): string[] {
  const others = [external, anonymous].filter((name) => name !== undefined);
  return [...Object.keys(users), ...Object.keys(tokens), ...others];
}

function serveOptions({ options, errors }: Shared): ServeOptions {
  const { host = "127.0.0.1", port, maxConnections, tlsMode } = options;
  return {
    host,
    port,
    maxConnections,
    overflow: "refuse",
    // Nobody could read it.
    refusal: tlsMode === "implicit" ? undefined : "-ERR [SYS/TEMP] Too many connections.",
    timeouts: { idle: Infinity },
    onError: (error) => {
      // The test has closed the server, and knows that.
      if (!(error instanceof ConnectionClosedError)) errors.push(error);
    },
  };
}

async function listen(shared: Shared): Promise<Pop3Server> {
  const { host = "127.0.0.1", delay = 0, tlsMode } = shared.options;
  const runs = new Set<Promise<void>>();
  const server = await serve(async (connection: Connection) => {
    const session = new Session(connection, shared, shared.sessions.length + 1, perform);
    shared.sessions.push(session);
    const run = session.run();
    runs.add(run);
    await run;
  }, serveOptions(shared));
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
  const scheme = tlsMode === "implicit" ? "pop3s" : "pop3";
  return {
    host,
    port,
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    mailboxes: shared.mailboxes,
    commands: shared.commands,
    violations: shared.violations,
    deleted: shared.deleted,
    sessions: shared.sessions,
    errors: shared.errors,
    get flights() {
      return shared.sessions.reduce((sum, { flights }) => sum + flights, 0);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
