// nodemailer for the job `smtp-flights`: two messages. Arguments: host, port, file of an authority.
import { readFileSync } from "node:fs";
import { measure } from "../lib/measure.mjs";
import { nodemailerPool } from "../lib/nodemailer.mjs";

const [host, port, ca] = process.argv.slice(2);
const mail = {
  envelope: { from: "sender@example.com", to: ["receiver@example.com"] },
  raw: "Subject: Two\r\n\r\nText\r\n",
};

async function work() {
  const pool = nodemailerPool({
    host,
    port,
    secure: true,
    maxConnections: 1,
    auth: { user: "user", pass: "secret" },
    tls: { ca: readFileSync(ca, "latin1"), minVersion: "TLSv1.3" },
  });
  await pool.sendMail(mail);
  await pool.sendMail(mail);
  return 2;
}

await measure("items", work);
