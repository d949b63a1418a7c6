// Starts npm's ftp-srv, an FTP server that we did not write, in a child process on loopback.
import { type ChildProcess, fork } from "node:child_process";

/** An account that may log in. */
export interface FtpSrvUser {
  readonly name: string;
  readonly password: string;
}

export interface FtpSrvOptions {
  /** The folder that is served; every account sees all of it. */
  readonly root: string;
  /** Accounts with a password. Without this option only anonymous logins are taken. */
  readonly users?: readonly FtpSrvUser[];
  /** Takes anonymous logins too. Default: true without `users`, false with them. */
  readonly anonymous?: boolean;
  /** Private key and certificate, both PEM: offers AUTH TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Speaks TLS from the first byte on (ftps); needs `tls`. Default: false. */
  readonly implicitTls?: boolean;
  /** Text of the 220 greeting; each line becomes a reply line. */
  readonly greeting?: string;
}

/** A running server. */
export interface FtpSrv extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Of the child process. */
  readonly pid: number;
  /** `ftp://127.0.0.1:PORT`, or `ftps://…` with implicit TLS. */
  readonly url: string;
  /**
   * Ends the child process and waits until it is gone; more calls wait for the same end.
   * Rejects when the server had already died by itself, with what it printed.
   */
  close(): Promise<void>;
}

// Valid from src/ and from dist/.
const script = new URL("../bin/ftp-srv.js", import.meta.url);
const host = "127.0.0.1";

/** Starts an ftp-srv server on a free port; rejects with its stderr when it can't. */
export async function startFtpSrv(options: FtpSrvOptions): Promise<FtpSrv> {
  if (options.implicitTls === true && options.tls === undefined) {
    throw new TypeError("implicitTls needs tls: a key and a certificate");
  }
  // Without execArgv the child would get this process's own flags, a test runner's for example.
  const child = fork(script, { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const server = new ChildServer(child, options.implicitTls === true ? "ftps" : "ftp");
  await server.listening({
    root: options.root,
    users: options.users ?? [],
    anonymous: options.anonymous ?? options.users === undefined,
    tls: options.tls,
    implicitTls: options.implicitTls,
    greeting: options.greeting,
  });
  return server;
}

class ChildServer implements FtpSrv {
  readonly host: string = host;
  readonly #child: ChildProcess;
  readonly #scheme: string;
  /** Settles when the process has ended and its stderr is read to the end; never rejects. */
  readonly #ended: Promise<void>;
  #port = 0;
  #stderr = "";
  /** Set when the process ended by itself. */
  #death: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(child: ChildProcess, scheme: string) {
    this.#child = child;
    this.#scheme = scheme;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    // Such an error (the process could not be started or signalled) is followed by "close" or is harmless.
    child.on("error", (error) => {
      this.#stderr += String(error);
    });
    this.#ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        // close() sends SIGKILL; code 0 comes after Ctrl-C, which reaches the whole process group.
        if (code !== 0 && signal !== "SIGKILL") {
          this.#death = new Error(`ftp-srv ended with ${signal ?? `code ${code}`}: ${this.#stderr.trim()}`);
        }
        resolve();
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get url(): string {
    return `${this.#scheme}://${this.host}:${this.#port}`;
  }

  /** Hands the options to the child and waits for its port. */
  async listening(options: object): Promise<void> {
    const answer = new Promise<number | undefined>((resolve) => {
      this.#child.once("message", ({ port }: { port: number }) => resolve(port));
      void this.#ended.then(() => resolve(undefined));
    });
    this.#child.send(options, (error) => {
      // The child is gone already, and its end is the answer.
      if (error !== null) this.#stderr += String(error);
    });
    const port = await answer;
    if (port === undefined) throw this.#death ?? new Error("ftp-srv was stopped before it listened");
    this.#port = port;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    // The server holds nothing worth a good-bye, and ftp-srv's own close() leaves timers that keep it alive.
    this.#child.kill("SIGKILL");
    await this.#ended;
    if (this.#death !== undefined) throw this.#death;
  }
}
