// Mechanisms that show the password (RFC 4616, draft-murchison-sasl-login), or that one knows it (RFC 2195).
import { createHmac, randomBytes } from "node:crypto";
import { firstOf, isSame, passwordOf, type ServerMechanism } from "./mechanism.ts";

export const plain: ServerMechanism = async (exchange) => {
  const fields = (await firstOf(exchange)).toString("utf8").split("\0");
  const [authzid = "", user = "", password = ""] = fields;
  if (fields.length !== 3 || user === "" || password === "") {
    throw exchange.wrong("PLAIN has three fields.");
  }
  const isRight = passwordOf(exchange, user) === password;
  // Nobody may act for someone else here.
  return isRight && (authzid === "" || authzid === user) ? user : undefined;
};

export const login: ServerMechanism = async (exchange) => {
  const user = (exchange.initial ?? (await exchange.ask(Buffer.from("Username:")))).toString("utf8");
  const password = (await exchange.ask(Buffer.from("Password:"))).toString("utf8");
  return passwordOf(exchange, user) === password ? user : undefined;
};

export const cramMd5: ServerMechanism = async (exchange) => {
  const challenge = `<${randomBytes(8).toString("hex")}@test.invalid>`;
  const response = (await exchange.ask(Buffer.from(challenge))).toString("utf8");
  const [whole, user = "", digest = ""] = /^(.+) ([0-9a-f]{32})$/s.exec(response) ?? [];
  if (whole === undefined) throw exchange.wrong("CRAM-MD5 answers with a name and a digest.");
  const password = passwordOf(exchange, user);
  if (password === undefined) return undefined;
  const expected = createHmac("md5", password).update(challenge).digest();
  return isSame(expected, Buffer.from(digest, "hex")) ? user : undefined;
};
