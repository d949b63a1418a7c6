// Fetches the file of an MTA-STS policy over HTTPS (RFC 8461 3.3).
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import type { LookupFunction } from "node:net";
import {
  ConnectError,
  LimitError,
  NetcliError,
  ProtocolError,
  type TlsOptions,
} from "@netcli/core-transport";

/** FetchPolicy gets a text over HTTPS. It must follow no redirect, and accept no certificate that it can't verify. */
export type FetchPolicy = (
  url: string,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<string>;

export interface FetchPolicyOptions {
  /** It alone ends a fetch that goes on for ever. */
  readonly signal?: AbortSignal | undefined;
  /** Authorities to trust instead of those that Node.js trusts. */
  readonly ca?: TlsOptions["ca"];
  /** Resolves names instead of the system, as node:dns.lookup does. */
  readonly lookup?: LookupFunction | undefined;
}

// RFC 8461 3.3 suggests 64 KB.
const MOST_BYTES = 65_536;

/**
 * Fetches a text: only status 200 and text/plain count. Rejects with ConnectError, ProtocolError, LimitError (64 KiB),
 * or the signal's reason.
 */
export async function fetchPolicy(url: string, options: FetchPolicyOptions = {}): Promise<string> {
  const { signal, ca, lookup } = options;
  signal?.throwIfAborted();
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(url, {
        // A connection of its own, which ends with the answer.
        agent: false,
        headers: { accept: "text/plain" },
        // Written out: NODE_TLS_REJECT_UNAUTHORIZED=0 must not switch it off.
        rejectUnauthorized: true,
        ...(signal === undefined ? {} : { signal }),
        ...(ca === undefined ? {} : { ca }),
        ...(lookup === undefined ? {} : { lookup }),
      });
      request.once("response", resolve);
      request.on("error", reject);
    });
    return await textOf(response);
  } catch (cause) {
    if (signal?.aborted === true) throw signal.reason;
    if (cause instanceof NetcliError) throw cause;
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new ConnectError(`the policy of MTA-STS can't be fetched: ${message}`, { cause, systemCode: code });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const problem = problemOf(response);
  if (problem !== undefined) {
    response.destroy();
    throw new ProtocolError(`the policy of MTA-STS can't be fetched: ${problem}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Who leaves the loop destroys the response.
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MOST_BYTES) {
      throw new LimitError(`the policy of MTA-STS has more than ${MOST_BYTES} bytes`, "policyBytes");
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function problemOf({ statusCode, headers }: IncomingMessage): string | undefined {
  // A redirect is none: it may lead out of the domain.
  if (statusCode !== 200) return `the server answered with status ${statusCode}`;
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  return type === "text/plain" ? undefined : "what the server sent is not text/plain";
}
