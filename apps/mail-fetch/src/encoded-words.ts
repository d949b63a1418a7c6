// Text in headers that is not ASCII (RFC 2047), with the language tags of RFC 2231 5.
import { TextDecoder } from "node:util";

// No part has a "?" in it, so that what is tried in vain is never read again.
const WORD = /=\?([^?\s*]+)(?:\*[^?\s]*)?\?([BQ])\?([ ->@-~]*)\?=/gi;

/** Words of one charset in a row: some programs split a letter of several bytes between two. */
interface Words {
  readonly charset: string;
  readonly decoder: TextDecoder;
  readonly pieces: Buffer[];
}

/** Reads all encoded words in a text that can be read; the others, and what is around them, stay as they are. */
export function decodeWords(text: string): string {
  const decoded: string[] = [];
  let words: Words | undefined;
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    const [whole, label = "", encoding = "", content = ""] = match;
    const charset = label.toLowerCase();
    const decoder = words?.charset === charset ? words.decoder : decoderOf(charset);
    if (decoder === undefined) continue;
    const between = text.slice(end, match.index);
    // Blanks between encoded words are there for long lines only.
    const isBehindWords = words !== undefined && between.trim() === "";
    if (words?.charset !== charset || !isBehindWords) {
      decoded.push(read(words), isBehindWords ? "" : between);
      words = { charset, decoder, pieces: [] };
    }
    words.pieces.push(encoding.toUpperCase() === "B" ? Buffer.from(content, "base64") : unquote(content));
    end = match.index + whole.length;
  }
  decoded.push(read(words), text.slice(end));
  return decoded.join("");
}

function decoderOf(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined;
  }
}

function read(words: Words | undefined): string {
  if (words === undefined) return "";
  const { decoder, pieces } = words;
  // In one step Node 20 takes windows-1252, which is what iso-8859-1 means here, for latin1.
  return decoder.decode(Buffer.concat(pieces), { stream: true }) + decoder.decode();
}

function unquote(text: string): Buffer {
  const bytes = text
    .replaceAll("_", " ")
    .replaceAll(/=([\da-f]{2})/gi, (_code, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}
