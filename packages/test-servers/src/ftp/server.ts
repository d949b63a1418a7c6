// An FTP server for tests, with everything that clients can ask for, and with faults on request.
import { ConnectionClosedError, NetcliError } from "@netcli/core-transport";
import { serve } from "@netcli/socketserver";
import { delayedRelay } from "@netcli/test-kit";
import { CommandReader } from "./command.ts";
import { Features, type FtpVerb } from "./features.ts";
import type { FtpServerOptions } from "./options.ts";
import { perform } from "./perform.ts";
import { Session } from "./session.ts";
import type { Shared } from "./shared.ts";
import { Tree } from "./tree.ts";
import { verbs } from "./verbs/table.ts";
import type { FtpServer } from "./view.ts";

/** Starts a server. Rejects with what `serve` rejects with, or if the directory is not there. */
export async function startFtpServer(options: FtpServerOptions = {}): Promise<FtpServer> {
  const { delay = 0 } = options;
  if (delay > 0 && (options.port !== undefined || options.passivePorts !== undefined)) {
    throw new TypeError("with delay the ports can't be chosen");
  }
  if (options.tls === undefined && (options.tlsMode === "implicit" || options.requireTls === true)) {
    throw new TypeError("there is no TLS without tls");
  }
  if (!/^(?:127(?:\.\d{1,3}){3}|::1)$/.test(options.host ?? "127.0.0.1")) {
    throw new TypeError(`a test server does not listen on ${options.host}`);
  }
  const shared: Shared = {
    options,
    features: new Features(options.features ?? {}),
    tree: new Tree(options.root),
    verbs: Object.keys(verbs) as FtpVerb[],
    reader: new CommandReader(),
    commands: [],
    errors: [],
    sessions: [],
    ports: new Set(),
  };
  try {
    return await listen(shared, delay);
  } catch (error) {
    shared.tree.close();
    throw error;
  }
}

async function listen(shared: Shared, delay: number): Promise<FtpServer> {
  const { options, tree } = shared;
  const { host = "127.0.0.1", maxConnections, tlsMode } = options;
  const runs = new Set<Promise<void>>();
  const server = await serve(
    async (connection) => {
      const session = new Session(connection, shared, shared.sessions.length + 1, perform);
      shared.sessions.push(session);
      const run = session.run();
      runs.add(run);
      await run;
    },
    {
      host,
      port: options.port,
      maxConnections,
      overflow: "refuse",
      // Nobody could read it.
      refusal: tlsMode === "implicit" ? undefined : "421 Too many connections.",
      timeouts: { idle: Infinity },
      onError: (error) => {
        if (!(error instanceof ConnectionClosedError)) shared.errors.push(error);
      },
    },
  );
  const { port } = server.address;
  const relay = delay === 0 ? undefined : await delayedRelay({ host, port, milliseconds: delay });
  const shutDown = async (): Promise<void> => {
    await Promise.all([server.shutdown({ deadline: 0 }), relay?.close()]);
    await Promise.allSettled(runs);
    await Promise.all([...shared.ports].map((dataPort) => dataPort.close()));
    tree.close();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const isFirst = closing === undefined;
    closing ??= shutDown();
    await closing;
    const bug = shared.errors.find((error) => !(error instanceof NetcliError));
    if (isFirst && bug !== undefined) throw bug;
  };
  const shownPort = relay?.port ?? port;
  const shownHost = host.includes(":") ? `[${host}]` : host;
  return {
    host,
    port: shownPort,
    url: `${tlsMode === "implicit" ? "ftps" : "ftp"}://${shownHost}:${shownPort}`,
    root: tree.root,
    commands: shared.commands,
    sessions: shared.sessions,
    errors: shared.errors,
    close,
    [Symbol.asyncDispose]: close,
  };
}
