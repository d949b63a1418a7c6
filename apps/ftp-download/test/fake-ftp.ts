// An FTP server that does what a test wants when a file is asked for.
import { EventEmitter, once } from "node:events";
import { type Identity, type ScriptedPeer, type ScriptedServer, scriptedServer } from "@netcli/test-kit";

/** Does the rest of a transfer: the 150 was sent, `data` is the client's data connection. */
export type Transfer = (control: ScriptedPeer, data: ScriptedPeer) => Promise<void>;

export interface FakeFtpOptions {
  /** Replies by verb, instead of the usual ones. */
  readonly replies?: Readonly<Record<string, string>>;
  readonly transfer?: Transfer;
  /** Takes AUTH TLS; data connections are the affair of `transfer`. */
  readonly identity?: Identity;
}

/** The size that the server tells of every file. */
export const SIZE = 2_000;

const USUAL: Readonly<Record<string, string>> = {
  greeting: "220 ready",
  USER: "331 password please",
  PASS: "230 in",
  TYPE: "200 fine",
  PBSZ: "200 fine",
  PROT: "200 fine",
  CWD: "250 there",
  SIZE: `213 ${SIZE}`,
  MDTM: "213 20240229120000",
  QUIT: "221 bye",
};

export interface FakeFtp extends AsyncDisposable {
  readonly url: string;
}

/** Starts one. */
export async function fakeFtp({ replies = {}, transfer, identity }: FakeFtpOptions): Promise<FakeFtp> {
  const answers: Readonly<Record<string, string>> = { ...USUAL, ...replies };
  const passive: ScriptedServer[] = [];
  const control = await scriptedServer(async (peer) => {
    const say = (text: string): Promise<void> => peer.send(`${text}\r\n`);
    let data: Promise<ScriptedPeer> | undefined;
    await say(answers["greeting"] ?? "");
    for (let verb = ""; verb !== "QUIT";) {
      [verb = ""] = (await peer.readLine()).split(" ", 1);
      const answer = answers[verb];
      if (answer !== undefined) {
        await say(answer);
      } else if (verb === "AUTH" && identity !== undefined) {
        await say("234 go on");
        await peer.startTls(identity);
      } else if (verb === "EPSV") {
        const { server, client } = await passiveServer();
        passive.push(server);
        data = client;
        await say(`229 here (|||${server.port}|)`);
      } else if (verb === "RETR" && data !== undefined && transfer !== undefined) {
        await say("150 coming");
        await transfer(peer, await data);
      } else {
        await say("502 unknown");
      }
    }
  });
  return {
    url: `ftp://127.0.0.1:${control.port}`,
    async [Symbol.asyncDispose]() {
      await control.close();
      for (const server of passive) await server.close();
    },
  };
}

async function passiveServer(): Promise<{ server: ScriptedServer; client: Promise<ScriptedPeer> }> {
  const arrivals = new EventEmitter();
  const client = once(arrivals, "peer").then(([peer]) => peer as ScriptedPeer);
  const server = await scriptedServer((peer) => {
    arrivals.emit("peer", peer);
    return peer.closed;
  });
  return { server, client };
}
