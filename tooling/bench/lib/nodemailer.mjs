// The npm package nodemailer, which @netcli/smtp has for its tests: a pool of connections to a server of the bench.
import { createRequire } from "node:module";

const ours = new URL("../../../packages/smtp/package.json", import.meta.url);

/** A transport whose connections stay as long as there is work, as those of ours and of smtplib do. */
export function nodemailerPool(options) {
  const { createTransport } = createRequire(ours)("nodemailer");
  return createTransport({ pool: true, maxMessages: Infinity, ...options });
}
