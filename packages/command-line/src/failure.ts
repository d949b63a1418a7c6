// What all programs say alike about what went wrong.
import { ConnectError, TimeoutError, TlsError } from "@netcli/core-transport";

// Up to the greeting the host could not be reached, afterwards the connection broke.
const FIRST_PHASES = new Set(["connect", "tls", "greeting"]);

/** What an error says, in one line: a reply may have had several. */
export function sentenceOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
}

/** Was it the way to the server that failed? */
export function isUnreachable(error: unknown): boolean {
  return (
    error instanceof ConnectError ||
    error instanceof TlsError ||
    (error instanceof TimeoutError && FIRST_PHASES.has(error.phase))
  );
}
