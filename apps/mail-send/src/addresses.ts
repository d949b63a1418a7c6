// Addresses as people write them: with names, and commas between. An Error says what is wrong with them.
import { parseAddressList } from "@netcli/smtp";

/** Throws if there is what would end the line in the header, or steer a terminal. */
export function assertPrintable(what: string, text: string): string {
  if (/\p{Cc}/u.test(text)) throw new Error(`${what} contains a control character; nothing was sent`);
  return text;
}

/** The addresses in a text, without names; one at least. */
export function addressesIn(what: string, text: string): readonly string[] {
  const addresses = parse(what, text);
  if (addresses.length === 0) throw new Error(`${what} names no address`);
  return addresses;
}

/** The one address in a text, without the name. */
export function senderIn(what: string, text: string): string {
  const [address, other] = addressesIn(what, text);
  if (address === undefined || other !== undefined) throw new Error(`${what} names more than one address`);
  return address;
}

function parse(what: string, text: string): readonly string[] {
  assertPrintable(what, text);
  try {
    return parseAddressList(text);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
