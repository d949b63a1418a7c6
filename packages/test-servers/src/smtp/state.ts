// What the commands of a session have set.
import { Extensions } from "./extensions.ts";
import type { EnvelopeAddress } from "./message.ts";

/** A mail transaction: from MAIL to the last byte of the message (RFC 5321 3.3). */
export class Transaction {
  readonly from: EnvelopeAddress;
  readonly to: EnvelopeAddress[] = [];
  /** What BDAT has brought so far. */
  readonly chunks: Buffer[] = [];
  /** A chunk was refused: so are the others (RFC 3030 2). */
  isBroken = false;

  constructor(from: EnvelopeAddress) {
    this.from = from;
  }

  get isUtf8(): boolean {
    return this.from.params["SMTPUTF8"] === true;
  }

  /** In capitals. */
  get body(): string {
    const { BODY: body = "7BIT" } = this.from.params;
    return String(body).toUpperCase();
  }

  /** Bytes so far. */
  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }
}

/** TLS and XCLIENT set it back. */
export class State {
  /** What the client has greeted with. */
  hello: "EHLO" | "HELO" | "LHLO" | undefined;
  clientName = "";
  /** None before EHLO, and with HELO. */
  extensions: Extensions = new Extensions([]);
  user: string | undefined;
  transaction: Transaction | undefined;
  /** How many there were. */
  transactions = 0;
}
