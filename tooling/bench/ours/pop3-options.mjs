// How ours gets into the maildrop of the POP3 jobs.
import { owner } from "../lib/maildrop.mjs";

export const pop3Options = (host, port) => ({ host, port: Number(port), ...owner, tls: "none" });
