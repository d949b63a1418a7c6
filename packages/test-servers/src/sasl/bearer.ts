// OAuth 2.0 tokens: XOAUTH2 (Google) and OAUTHBEARER (RFC 7628), which refuse in two steps.
import { type Exchange, firstOf, type ServerMechanism, tokenOf } from "./mechanism.ts";

const REFUSAL = JSON.stringify({ status: "invalid_token", scope: "mail" });

/** Says why, and has that acknowledged. */
async function refuse(exchange: Exchange, acknowledgement: string): Promise<undefined> {
  const answer = await exchange.ask(Buffer.from(REFUSAL));
  if (answer.toString("latin1") !== acknowledgement) {
    throw exchange.wrong("A refusal is acknowledged with what means nothing.");
  }
  return undefined;
}

interface Fields {
  /** What stands in front of the others. */
  readonly head: string;
  readonly token: string;
}

/** Takes a response apart: fields with U+0001 between them, and two of them at the end. */
async function fieldsOf(exchange: Exchange, syntax: RegExp): Promise<Fields> {
  const text = (await firstOf(exchange)).toString("utf8");
  const [head = "", ...fields] = text.split("\u0001");
  const tokens = fields.map((field) => /^auth=Bearer (.+)$/i.exec(field)?.[1]);
  const token = tokens.find((found) => found !== undefined);
  if (token === undefined || !text.endsWith("\u0001\u0001") || !syntax.test(head)) {
    throw exchange.wrong("That is no token.");
  }
  return { head, token };
}

export const xoauth2: ServerMechanism = async (exchange) => {
  const { head, token } = await fieldsOf(exchange, /^user=./);
  const user = head.slice("user=".length);
  return tokenOf(exchange, user) === token ? user : refuse(exchange, "");
};

export const oauthBearer: ServerMechanism = async (exchange) => {
  const { head, token } = await fieldsOf(exchange, /^n,(?:a=[^,]+)?,$/);
  const name = /a=([^,]+)/.exec(head)?.[1];
  const user = name?.replaceAll("=2C", ",").replaceAll("=3D", "=") ?? ownerOf(exchange, token);
  return user !== undefined && tokenOf(exchange, user) === token ? user : refuse(exchange, "\u0001");
};

/** A token may say itself whose it is. */
function ownerOf({ options }: Exchange, token: string): string | undefined {
  const { tokens = options.users ?? {} } = options;
  return Object.keys(tokens).find((user) => tokens[user] === token);
}
