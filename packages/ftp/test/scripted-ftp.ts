// An FTP server that does what a test's script says, data connections included.
import type { TlsOptions } from "node:tls";
import { PeerGone, type ScriptedPeer, type ScriptedServer, scriptedServer } from "@netcli/test-kit";

/** What an anonymous user's login sends. */
export const loginLines = "USER anonymous\r\nPASS anonymous@\r\n";

/** A port that data connections come in on. */
export interface DataPort {
  readonly port: number;
  /** How many data connections were accepted. */
  readonly connections: number;
  /** The server's side of the first one. */
  connected(): Promise<ScriptedPeer>;
  close(): Promise<void>;
}

/** Listens for data connections until the client that `control` belongs to is gone. */
async function dataPort(control: Promise<void>, host: string): Promise<DataPort> {
  let accept: ((peer: ScriptedPeer) => void) | undefined;
  const first = new Promise<ScriptedPeer>((resolve) => {
    accept = resolve;
  });
  const server = await scriptedServer(
    async (peer) => {
      accept?.(peer);
      await peer.closed;
    },
    { host },
  );
  const gone = async (): Promise<never> => {
    await control;
    throw new PeerGone("the client made no data connection");
  };
  return {
    port: server.port,
    get connections() {
      return server.connections;
    },
    connected: () => Promise.race([first, gone()]),
    close: () => server.close(),
  };
}

/** How a server gives a file away. */
export interface Delivery {
  /** How the client asks for a data connection. Default: EPSV. */
  readonly passive?: "EPSV" | "PASV";
  /** Speaks TLS on the data connection. */
  readonly tls?: TlsOptions;
}

/** Ftp is the server's side of one control connection. */
export class Ftp {
  readonly peer: ScriptedPeer;
  readonly #ports: DataPort[];

  constructor(peer: ScriptedPeer, ports: DataPort[]) {
    this.peer = peer;
    this.#ports = ports;
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

  /** Greets as a server that reads commands behind a transfer, and lets an anonymous user in. */
  async logIn(): Promise<void> {
    await this.say("220 (vsFTPd 3.0.3)");
    await this.answer("USER anonymous", "331 your address");
    await this.answer("PASS anonymous@", "230 welcome");
  }

  /** Opens a port for a data connection; close it, or leave it to the end of the server. */
  async listen(host: string = "127.0.0.1"): Promise<DataPort> {
    const port = await dataPort(this.peer.closed, host);
    this.#ports.push(port);
    return port;
  }

  /** Expects EPSV or PASV and answers it with a port of its own. */
  async passive(command: "EPSV" | "PASV" = "EPSV"): Promise<DataPort> {
    const port = await this.listen();
    await this.answer(command, command === "EPSV" ? epsvReply(port.port) : pasvReply(port.port));
    return port;
  }

  /** Answers the first SIZE of a session, and the question for the time, which nobody here knows. */
  async size(name: string, bytes: number): Promise<void> {
    await this.answer("TYPE I", "200 binary");
    await this.facts(name, `213 ${bytes}`);
  }

  /** The same in type I; what it says may be anything. */
  async facts(name: string, ...size: readonly string[]): Promise<void> {
    await this.answer(`SIZE ${name}`, ...size);
    await this.answer(`MDTM ${name}`, "500 what");
  }

  /** Takes a RETR up to "150"; resolves to the data connection, over TLS if wanted. */
  async begin(name: string, { passive, tls }: Delivery = {}): Promise<ScriptedPeer> {
    const port = await this.passive(passive);
    await this.answer(`RETR ${name}`, "150 here it comes");
    const data = await port.connected();
    if (tls !== undefined) await data.startTls(tls);
    return data;
  }

  /** Gives a file away as servers do: the data, its end, and then the final reply. */
  async give(name: string, content: Uint8Array, delivery: Delivery = {}): Promise<ScriptedPeer> {
    const data = await this.begin(name, delivery);
    await data.send(content);
    data.end();
    await this.say("226 done");
    return data;
  }

  /** Answers PWD: what a test asks for to see that the session still works. */
  async prove(): Promise<void> {
    await this.answer("PWD", '257 "/here"');
  }
}

export function epsvReply(port: number): string {
  return `229 extended passive (|||${port}|)`;
}

export function pasvReply(port: number, host: string = "127,0,0,1"): string {
  return `227 passive (${host},${port >> 8},${port & 0xff})`;
}

export interface FtpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Everything that came over control connections. */
  readonly received: string;
  readonly connections: number;
  /** Waits for the ends of the scripts of all clients so far. */
  settled(): Promise<void>;
  /** Rejects if a script failed, other than by its client's leaving. */
  close(): Promise<void>;
}

/** Runs the script for each client; with `tls` it speaks TLS from the first byte. */
export async function ftpServer(
  script: (ftp: Ftp, index: number) => Promise<void>,
  options: { tls?: TlsOptions; host?: string } = {},
): Promise<FtpServer> {
  const ports: DataPort[] = [];
  const server: ScriptedServer = await scriptedServer(
    (peer, index) => script(new Ftp(peer, ports), index),
    options,
  );
  const close = async (): Promise<void> => {
    await server.close();
    await Promise.all(ports.map((port) => port.close()));
  };
  return {
    host: server.host,
    port: server.port,
    get received() {
      return server.received.toString();
    },
    get connections() {
      return server.connections;
    },
    settled: () => server.settled(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
