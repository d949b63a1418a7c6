// ANONYMOUS (RFC 4505): no one in particular, with a word for the server's log.
import { ArgumentError } from "@netcli/core-transport";
import { type Mechanism, singleResponse } from "./mechanism.ts";
import { assertText } from "./secret.ts";

// RFC 4505 2.
const LONGEST_TRACE = 255;

/** `trace` is a mail address, or a word without "@"; it may be empty. */
export function anonymous(trace: string = ""): Mechanism {
  return singleResponse("ANONYMOUS", "none", () => {
    assertText("the trace", trace);
    if (/\p{Cc}/u.test(trace)) throw new ArgumentError("the trace contains a control character");
    if (Array.from(trace).length > LONGEST_TRACE) {
      throw new ArgumentError(`the trace is longer than ${LONGEST_TRACE} characters`);
    }
    return Buffer.from(trace, "utf8");
  });
}
