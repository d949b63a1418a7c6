// The tour: every client against the embedded servers, in one go and with the dialogues shown.
import { ftpDownload } from "./ftp-download.ts";
import { mailFetch } from "./mail-fetch.ts";
import { mailSend } from "./mail-send.ts";
import { timestamps } from "./timestamp.ts";

const stops = [ftpDownload, mailSend, mailFetch, timestamps];

for (const stop of stops) await stop();
process.stdout.write("\nThe tour is complete.\n");
