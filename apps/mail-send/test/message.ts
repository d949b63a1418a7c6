// Takes a received message apart, as far as the tests need it (RFC 5322, RFC 2045, RFC 2046, RFC 2047).

export interface Part {
  /** By their names in lower case, unfolded. */
  readonly header: ReadonlyMap<string, string>;
  /** Without its transfer encoding. */
  readonly content: Buffer;
}

/** A message, or a part of one. */
export function readPart(data: Uint8Array): Part {
  const text = Buffer.from(data).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const fields = text
    .slice(0, end)
    .replaceAll(/\r\n(?=[ \t])/g, "")
    .split("\r\n");
  const header = new Map(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const body = Buffer.from(text.slice(end + 4), "latin1");
  return { header, content: decode(body, header.get("content-transfer-encoding")) };
}

/** The parts of a multipart message. */
export function partsOf({ header, content }: Part): Part[] {
  const boundary = /boundary="([^"]+)"/.exec(header.get("content-type") ?? "")?.[1];
  if (boundary === undefined) throw new Error("the message has no parts");
  const pieces = `\r\n${content.toString("latin1")}`.split(`\r\n--${boundary}`);
  if (pieces.at(-1)?.startsWith("--") !== true) throw new Error("the message has no end");
  return pieces.slice(1, -1).map((piece) => readPart(Buffer.from(piece.slice(2), "latin1")));
}

/** A value in which encoded words are read. */
export function readWords(value = ""): string {
  return value
    .replaceAll(/(?<=\?=)\s+(?==\?)/g, "")
    .replaceAll(/=\?UTF-8\?Q\?([^?]*)\?=/g, (_word, text: string) =>
      quotedPrintable(text.replaceAll("_", " ")).toString(),
    )
    .replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_word, text: string) => Buffer.from(text, "base64").toString());
}

function decode(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === "base64") return Buffer.from(body.toString("latin1"), "base64");
  return encoding === "quoted-printable" ? quotedPrintable(body.toString("latin1")) : body;
}

function quotedPrintable(text: string): Buffer {
  const bytes = text
    .replaceAll("=\r\n", "")
    .replaceAll(/=([\dA-F]{2})/g, (_code, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}
