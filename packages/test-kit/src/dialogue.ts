// Scripts written down as the transcript of a session, in the manner of the examples in the RFCs.
import type { ScriptedPeer } from "./scripted-peer.ts";

interface Turn {
  side: "S" | "C";
  text: string;
}

/**
 * Lines read `S: text` for what the server sends and `C: text` for what the client has to send, in UTF-8 and
 * without CRLF; indentation and blank lines mean nothing. Consecutive `S` lines go out in one write. At the end
 * the client has to close without a further word.
 */
export function dialogue(text: string): (peer: ScriptedPeer) => Promise<void> {
  const turns = parse(text);
  return async (peer) => {
    let reply = "";
    for (const turn of turns) {
      if (turn.side === "S") {
        reply += `${turn.text}\r\n`;
        continue;
      }
      if (reply !== "") await peer.send(reply);
      reply = "";
      await peer.expect(turn.text);
    }
    if (reply !== "") await peer.send(reply);
    await peer.expectEnd();
  };
}

function parse(text: string): Turn[] {
  const turns: Turn[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const match = /^\s*(?<side>[SC]):(?: (?<text>.*))?$/.exec(line);
    if (match === null) {
      throw new SyntaxError(`line ${index + 1} is neither "S: ..." nor "C: ...": ${JSON.stringify(line)}`);
    }
    turns.push({ side: match.groups?.["side"] === "S" ? "S" : "C", text: match.groups?.["text"] ?? "" });
  }
  return turns;
}
