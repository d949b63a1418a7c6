// A server that many clients use side by side, each with a fault of its own; and what the tests of cuts do with it.
import { readdir } from "node:fs/promises";
import {
  type Ending,
  type FtpFeature,
  type FtpHook,
  type FtpServer,
  startFtpServer,
} from "@netcli/test-servers";
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { identity, tlsOptions } from "./fixtures.ts";

export interface CutServer extends AsyncDisposable {
  readonly root: string;
  readonly server: FtpServer;
  /** A logged-in client. The first fault that `hook` gives befalls it, and then no other. */
  client(hook: FtpHook, options?: Partial<FtpClientOptions>): Promise<FtpClient>;
}

// A short answer to FEAT has fewer places.
const off: readonly FtpFeature[] = [
  ...([
    "AVBL",
    "CLNT",
    "COMB",
    "CPSV",
    "CSID",
    "EPRT",
    "HASH",
    "HOST",
    "LANG",
    "MFF",
    "MODE Z",
    "RANG",
  ] as const),
  ...(["SITE UTIME", "SSCN", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512"] as const),
];
const features = Object.fromEntries(off.map((feature) => [feature, false]));

export async function cutServer(tls: "none" | "starttls"): Promise<CutServer> {
  const hooks = new Map<string, FtpHook>();
  const onCommand: FtpHook = async (command, session) => {
    const password = session.commands.find((line) => line.startsWith("PASS "))?.slice(5) ?? "";
    if (session.user === undefined) return undefined;
    const fault = await hooks.get(password)?.(command, session);
    if (fault !== undefined) hooks.delete(password);
    return fault;
  };
  const server = await startFtpServer({ tls: identity, features, onCommand });
  const { host, port, root } = server;
  let count = 0;
  return {
    root,
    server,
    client(hook, options = {}) {
      count += 1;
      const password = `client ${count}`;
      hooks.set(password, hook);
      const login = { user: "anonymous", password, tls, tlsOptions };
      return FtpClient.connect({ host, port, ...login, retries: 0, timeouts: { close: 200 }, ...options });
    },
    async [Symbol.asyncDispose]() {
      await server.close();
    },
  };
}

/** Cuts what the server says from now on behind so many bytes. */
export function controlCut(after: number, end: Ending): FtpHook {
  return () => ({ control: { after, end } });
}

const SIDE_BY_SIDE = 8;
const LONGEST_MILLISECONDS = 20_000;

/** Does something at each place, several at a time. Resolves to what went wrong, with the place in front. */
export async function atEach(
  places: readonly number[],
  work: (place: number) => Promise<void>,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = places.values();
  const workers = Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (const place of left) {
      const hanging = new Promise<never>((_, reject) => {
        const fail = (): void => reject(new Error("it hangs"));
        setTimeout(fail, LONGEST_MILLISECONDS).unref();
      });
      await Promise.race([work(place), hanging]).catch((error: Error) => {
        wrong.push(`${place}: ${error.message}`);
      });
    }
  });
  await Promise.all(workers);
  return wrong;
}

/** From 0 up to so many, this one included. */
export function upTo(last: number, step: number = 1): number[] {
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

/** How many files and sockets this process has open; 0 where the system does not tell. */
export async function openFiles(): Promise<number> {
  return (await readdir("/dev/fd").catch(() => [])).length;
}
