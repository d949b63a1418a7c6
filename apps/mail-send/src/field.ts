// Fields of the header that --header adds.
import { assertPrintable } from "./addresses.ts";

/** One field, under the names of nodemailer. */
export interface Field {
  readonly key: string;
  readonly value: string;
}

// These follow from other options, and say how the message is made.
const OURS = /^(?:from|to|cc|bcc|subject|mime-version|content-.*)$/i;

/** Reads "Name: value". Throws an Error that says what is wrong with it. */
export function parseField(text: string): Field {
  assertPrintable("--header", text);
  // RFC 5322 2.2.
  const [, key, value] = /^([!-9;-~]+):\s*(.*?)\s*$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new Error('--header is "Name: value"');
  if (OURS.test(key)) throw new Error(`--header is not for ${key}: it comes from other options`);
  return { key, value };
}
