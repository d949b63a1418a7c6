// An FTP server that lists whatever a test makes up, has any file and directory that is asked for, and removes all that
// it is told to.
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { epsvReply, type Ftp, ftpServer } from "./scripted-ftp.ts";

export interface Lies {
  /** The lines of a directory, each with its end; undefined: there is none. */
  readonly list: (path: string) => string | Iterable<string> | undefined;
  /** It lists by MLSD. Default true. */
  readonly hasFacts?: boolean;
  /** What it answers instead. */
  readonly answer?: (command: string) => string | undefined;
}

export interface Liar extends AsyncDisposable {
  readonly client: FtpClient;
  /** The lines that came. */
  readonly commands: readonly string[];
}

const FEATURES = ["211-all this", " MLST type*;size*;modify*;unique*;", "211 end"];

/** What is in each file. */
export const lie = "lie";

const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  USER: ["331 password"],
  PASS: ["230 welcome"],
  TYPE: ["200 done"],
  SIZE: ["213 3"],
  MDTM: ["213 20240506070809"],
  PWD: ['257 "/home"'],
  CWD: ["250 done"],
  DELE: ["250 done"],
  RMD: ["250 done"],
  NOOP: ["200 done"],
  QUIT: ["221 bye"],
};

export async function lying(
  { list, hasFacts = true, answer }: Lies,
  options: Partial<FtpClientOptions> = {},
): Promise<Liar> {
  const commands: string[] = [];
  const server = await ftpServer(async (ftp: Ftp) => {
    await ftp.say("220 ready");
    let port = await ftp.listen();
    for (;;) {
      const command = await ftp.expect(/.*/s);
      commands.push(command);
      const space = command.indexOf(" ");
      const verb = space === -1 ? command : command.slice(0, space);
      const argument = space === -1 ? "" : command.slice(space + 1);
      const instead = answer?.(command);
      if (instead !== undefined) {
        await ftp.say(instead);
      } else if (verb === "FEAT") {
        await ftp.say(...(hasFacts ? FEATURES : ["500 what"]));
      } else if (verb === "MLST" && hasFacts) {
        await ftp.say("250-this", ` type=dir; ${argument}`, "250 end");
      } else if (verb === "EPSV") {
        port = await ftp.listen();
        await ftp.say(epsvReply(port.port));
      } else if (verb === "MLSD" || verb === "LIST" || verb === "RETR") {
        const content = verb === "RETR" ? lie : list(argument);
        if (content === undefined) {
          await ftp.say("550 no such thing");
          continue;
        }
        await ftp.say("150 here it comes");
        const data = await port.connected();
        try {
          for (const piece of typeof content === "string" ? [content] : content) await data.send(piece);
          data.end();
          await ftp.say("226 done");
        } catch {
          await ftp.say("426 cut off");
        }
      } else {
        await ftp.say(...(ANSWERS[verb] ?? ["500 what"]));
      }
    }
  });
  const { host, port } = server;
  const client = await FtpClient.connect({
    host,
    port,
    user: "tester",
    password: "secret",
    tls: "none",
    ...options,
  });
  return {
    client,
    commands,
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
    },
  };
}
