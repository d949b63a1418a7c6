// Who logs in where. URLs with the same login share one client.
import { askPassword, PasswordError } from "@netcli/command-line";
import type { TraceEvent } from "@netcli/core-transport";
import { FtpClient } from "@netcli/ftp";
import type { Settings } from "./arguments.ts";
import type { Target } from "./target.ts";

/** Account is a login on a server; the client is made when it is first asked for. */
export class Account {
  readonly #target: Target;
  #password: string | undefined;
  // Why there is none.
  #refusal: Error | undefined;
  #client: Promise<FtpClient> | undefined;

  constructor(target: Target) {
    this.#target = target;
    this.#password = target.password;
  }

  /** Takes a target on if that is its login, too. */
  takes({ host, port, user, password, tls }: Target): boolean {
    const own = this.#target;
    if (host !== own.host || port !== own.port || user !== own.user || tls !== own.tls) return false;
    if (password === undefined) return true;
    this.#password ??= password;
    return password === this.#password;
  }

  /** Asks for the password, if one is needed. Rejects only with the signal's reason; what else fails, `client` says. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { user, host } = this.#target;
    if (user === undefined || this.#password !== undefined) return;
    try {
      this.#password = await askPassword({ variable: "FTP_PASSWORD", user, host, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PasswordError)) throw error;
      this.#refusal = error;
    }
  }

  /** The client, logged in. Who asks again, after a failure too, gets the same answer. */
  client(
    settings: Settings,
    trace: ((event: TraceEvent) => void) | undefined,
    signal: AbortSignal,
  ): Promise<FtpClient> {
    this.#client ??= this.#logIn(settings, trace, signal);
    return this.#client;
  }

  async #logIn(
    { tls, insecure, active, connections, milliseconds }: Settings,
    trace: ((event: TraceEvent) => void) | undefined,
    signal: AbortSignal,
  ): Promise<FtpClient> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { host, port, user, tls: ofUrl } = this.#target;
    return FtpClient.connect({
      host,
      port,
      user,
      password: this.#password,
      tls: tls ?? ofUrl,
      tlsOptions: { insecure },
      active,
      connections,
      timeouts: { connect: milliseconds, greeting: milliseconds, reply: milliseconds, stall: milliseconds },
      signal,
      ...(trace === undefined ? {} : { trace }),
    });
  }

  /** Ends the client, politely or at once. Never rejects. */
  async end(atOnce: boolean): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    if (atOnce) client?.close();
    else await client?.quit();
  }
}

/** The account of each target. */
export function accountsOf(targets: readonly Target[]): Map<Target, Account> {
  const accounts: Account[] = [];
  return new Map(
    targets.map((target) => {
      let account = accounts.find((known) => known.takes(target));
      if (account === undefined) {
        account = new Account(target);
        accounts.push(account);
      }
      return [target, account];
    }),
  );
}
