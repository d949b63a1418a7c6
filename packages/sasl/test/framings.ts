// The framings of four protocols, as small as they can be: what the packages of these protocols do in full.
import { type Connection, ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import {
  decodeBase64,
  encodeBase64,
  type Exchange,
  type RefusalReason,
  type ServerStep,
} from "../src/index.ts";

interface Framing {
  /** The command up to the name of the mechanism. */
  readonly command: string;
  /** What stands for a message that is empty. */
  readonly empty: { readonly initial: string; readonly response: string };
  /** A line of the server; undefined for one that says nothing about the authentication. */
  readonly read: (line: string) => Reading;
}

type Reading =
  | { readonly kind: "challenge"; readonly text: string }
  | { readonly kind: "accepted"; readonly text?: string }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

function overLines(connection: Connection, framing: Framing): Exchange {
  const read = async (): Promise<ServerStep> => {
    const line = await connection.readLine();
    if (line === undefined) throw new ConnectionClosedError("the server is gone");
    const reading = framing.read(line);
    if (reading.kind === "refused") {
      return { ...reading, toError: (options) => refusal(line, reading.reason, options) };
    }
    const data =
      reading.text === undefined ? undefined : decodeBase64(reading.text === "=" ? "" : reading.text);
    return { kind: reading.kind, data };
  };
  const send = async (line: string): Promise<ServerStep> => {
    await connection.writeLine(line);
    return read();
  };
  return {
    begin: (mechanism, initial) => {
      const response = initial === undefined ? [] : [encodeBase64(initial) || framing.empty.initial];
      return send([framing.command, mechanism, ...response].join(" "));
    },
    respond: (response) => send(encodeBase64(response) || framing.empty.response),
    cancel: async () => {
      await send("*");
    },
  };
}

function refusal(line: string, reason: RefusalReason, options: ErrorOptions): ReplyError {
  const isTemporary = reason === "temporary";
  const reply = { lines: [line], text: line };
  return new ReplyError(line, { reply, command: "AUTH", isTemporary, isPermanent: !isTemporary }, options);
}

/** RFC 4954. */
export function smtp(connection: Connection): Exchange {
  return overLines(connection, {
    command: "AUTH",
    empty: { initial: "=", response: "" },
    read: (line) => {
      const code = line.slice(0, 3);
      if (code === "334") return { kind: "challenge", text: line.slice(4) };
      if (code === "235") return { kind: "accepted" };
      if (code.startsWith("4")) return { kind: "refused", reason: "temporary" };
      const isMechanism = /^5(0[0-4]|34|38)/.test(code);
      return { kind: "refused", reason: isMechanism ? "mechanism-refused" : "wrong-credentials" };
    },
  });
}

/** RFC 5034, RFC 3206. */
export function pop3(connection: Connection): Exchange {
  return overLines(connection, {
    command: "AUTH",
    empty: { initial: "=", response: "" },
    read: (line) => {
      if (line.startsWith("+OK")) return { kind: "accepted" };
      if (line.startsWith("+ ")) return { kind: "challenge", text: line.slice(2) };
      if (line.startsWith("-ERR [AUTH]")) return { kind: "refused", reason: "wrong-credentials" };
      if (line.startsWith("-ERR [SYS/TEMP]")) return { kind: "refused", reason: "temporary" };
      return { kind: "refused", reason: "mechanism-refused" };
    },
  });
}

/** RFC 4643 2.4. */
export function nntp(connection: Connection): Exchange {
  return overLines(connection, {
    command: "AUTHINFO SASL",
    empty: { initial: "=", response: "=" },
    read: (line) => {
      const text = line.slice(4);
      const code = line.slice(0, 3);
      if (code === "383") return { kind: "challenge", text };
      if (code === "283") return { kind: "accepted", text };
      if (code === "281") return { kind: "accepted" };
      if (code === "481") return { kind: "refused", reason: "wrong-credentials" };
      return { kind: "refused", reason: code === "403" ? "temporary" : "mechanism-refused" };
    },
  });
}

/** RFC 9051 6.2.2, RFC 4959, RFC 5530. */
export function imap(connection: Connection): Exchange {
  return overLines(connection, {
    command: "a1 AUTHENTICATE",
    empty: { initial: "=", response: "" },
    read: (line) => {
      if (line.startsWith("+ ")) return { kind: "challenge", text: line.slice(2) };
      if (line.startsWith("a1 OK")) return { kind: "accepted" };
      if (line.startsWith("a1 NO [AUTHENTICATIONFAILED]"))
        return { kind: "refused", reason: "wrong-credentials" };
      if (line.startsWith("a1 NO [UNAVAILABLE]")) return { kind: "refused", reason: "temporary" };
      return { kind: "refused", reason: "mechanism-refused" };
    },
  });
}
