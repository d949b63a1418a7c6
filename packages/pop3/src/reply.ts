// POP3 replies (RFC 1939 3): "+OK" or "-ERR", a response code maybe (RFC 2449 8), and text; "+ " asks for more (RFC 5034).
import { ProtocolError, type Reply, type ReplyGrammar } from "@netcli/core-transport";

/** A POP3 reply; its text is without status and response code. */
export interface Pop3Reply extends Reply {
  /** True: "+OK". */
  readonly isOk: boolean;
  /** What the server wants to hear next of a mechanism, in base64; undefined if it has made up its mind. */
  readonly challenge: string | undefined;
  /** In capitals: "IN-USE", "LOGIN-DELAY" (RFC 2449), "SYS/TEMP", "SYS/PERM", "AUTH" (RFC 3206), "UTF8" (RFC 6856). */
  readonly responseCode: string | undefined;
}

// Some servers write it small.
const STATUS = /^(\+OK|-ERR)(?:[ \t]+|$)/i;

/** How POP3 replies are read. */
export const pop3Grammar: ReplyGrammar<Pop3Reply> = {
  // Some servers send an empty line in front.
  isLast: (line) => line !== "",
  parse(lines) {
    const line = lines.at(-1) ?? "";
    if (line === "+" || line.startsWith("+ ")) {
      return { isOk: false, challenge: line.slice(2), responseCode: undefined, lines, text: "" };
    }
    const status = STATUS.exec(line);
    if (status === null) {
      throw new ProtocolError(`expected +OK or -ERR, got ${JSON.stringify(line.slice(0, 80))}`);
    }
    const isOk = status[1]?.[0] === "+";
    const rest = line.slice(status[0].length);
    const end = rest.startsWith("[") ? rest.indexOf("]") : -1;
    const [code = ""] = rest.slice(1, Math.max(1, end)).split(/\s/, 1);
    const text = code === "" ? rest : rest.slice(end + 1).trimStart();
    const responseCode = code === "" ? undefined : code.toUpperCase();
    return { isOk, challenge: undefined, responseCode, lines, text };
  },
};
