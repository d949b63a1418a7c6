// The exchange as protocols have it whose lines are "AUTH mechanism [initial response]", responses, and "*": SMTP
// (RFC 4954), POP3 (RFC 5034), NNTP (RFC 4643).
import { commandLine, type CommandLine } from "@netcli/core-transport";
import type { Exchange, ServerStep } from "./authenticate.ts";
import { encodeBase64 } from "./base64.ts";

/** What differs between these protocols. */
export interface LineFraming {
  /** What stands before the name of the mechanism. */
  readonly verb: string;
  /** Bytes of the longest line with an initial response; a longer one goes out in a line of its own. */
  readonly longestLine: number;
  /** What stands for an empty response behind the first one: nothing, or "=". */
  readonly emptyResponse: "" | "=";
  /** Sends a line and reads the answer. `command` is for errors; `isSecretOut`: the server has had credentials. */
  readonly send: (line: CommandLine, command: CommandLine, isSecretOut: boolean) => Promise<ServerStep>;
}

/** An exchange, for `authenticate`, over such a protocol. */
export function lineExchange({ verb, longestLine, emptyResponse, send }: LineFraming): Exchange {
  let command: CommandLine = { line: verb, shown: verb };
  const respond = (response: Uint8Array): Promise<ServerStep> =>
    send({ line: encodeBase64(response) || emptyResponse, shown: "****" }, command, true);
  return {
    begin: async (name, initial) => {
      // A mechanism of the caller's own may be called anything.
      command = commandLine(verb, [name]);
      if (initial === undefined) return send(command, command, false);
      const line = `${verb} ${name} ${encodeBase64(initial) || "="}`;
      if (line.length <= longestLine) return send({ line, shown: `${verb} ${name} ****` }, command, true);
      const step = await send(command, command, false);
      return step.kind === "challenge" ? respond(initial) : step;
    },
    respond,
    cancel: async () => {
      await send({ line: "*", shown: "*" }, command, true);
    },
  };
}
