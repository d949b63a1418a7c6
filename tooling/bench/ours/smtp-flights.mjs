// Ours for the job `smtp-flights`: two messages. Arguments: host, port, file of an authority.
import { readFileSync } from "node:fs";
import { SmtpClient } from "../../../packages/smtp/dist/index.js";
import { measure } from "../lib/measure.mjs";

const [host, port, ca] = process.argv.slice(2);
const mail = {
  from: "sender@example.com",
  to: "receiver@example.com",
  message: "Subject: Two\r\n\r\nText\r\n",
};

async function work() {
  const client = await SmtpClient.connect({
    host,
    port: Number(port),
    user: "user",
    password: "secret",
    tls: "implicit",
    tlsOptions: { ca: readFileSync(ca, "latin1"), minVersion: "TLSv1.3" },
  });
  await client.send(mail);
  await client.send(mail);
  return 2;
}

await measure("items", work);
