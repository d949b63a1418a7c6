// What a server can be asked besides messages (RFC 1939 5, RFC 6856 3).
import type { VerbOptions } from "@netcli/core-transport";
import { pop3Command, rawCommand } from "./command.ts";
import { Pop3Control } from "./control.ts";
import type { Pop3Reply } from "./reply.ts";

/** Pop3Inquiry is a session without its verbs for messages. */
export abstract class Pop3Inquiry extends Pop3Control {
  /** Chooses the language of the server's texts (RFC 6856 3): a tag such as "de", or "*" for its own. */
  async lang(tag: string, options?: VerbOptions): Promise<Pop3Reply>;
  /** The languages that there are: tags, and what each calls itself. */
  async lang(tag?: undefined, options?: VerbOptions): Promise<{ tag: string; name: string }[]>;
  async lang(tag?: string, options: VerbOptions = {}): Promise<Pop3Reply | { tag: string; name: string }[]> {
    if (tag !== undefined) return this.expect(pop3Command("LANG", tag), options);
    const { replyLines } = this.pipeline.connection.limits;
    return this.askRows(pop3Command("LANG"), parseLanguage, replyLines, options);
  }

  /** Does nothing, and shows that the server is there. */
  noop(options: VerbOptions = {}): Promise<Pop3Reply> {
    return this.expect(pop3Command("NOOP"), options);
  }

  /** Sends any command and resolves to its reply, whatever it is. Not for commands whose answer has several lines. */
  async sendCmd(line: string, options: VerbOptions = {}): Promise<Pop3Reply> {
    return this.askAlone(rawCommand(line), options);
  }
}

function parseLanguage(line: string): { tag: string; name: string } {
  const [tag = ""] = line.split(" ", 1);
  return { tag, name: line.slice(tag.length).trim() };
}
