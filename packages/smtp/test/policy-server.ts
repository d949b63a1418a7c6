// A web server on loopback that stands for `mta-sts.<domain>` of whatever domain.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createAuthority, type Identity } from "@netcli/test-kit";
import { type FetchPolicy, fetchPolicy } from "../src/policy-fetch.ts";

export interface PolicyServer extends AsyncDisposable {
  readonly port: number;
  /** Fetches from this server, whatever the name, and trusts the authority of its certificate. */
  readonly fetchPolicy: FetchPolicy;
  /** Host and path of each request so far. */
  readonly requests: readonly string[];
}

export interface PolicyServerOptions {
  /** The names in its certificate. */
  readonly names?: readonly string[];
  readonly notAfter?: Date;
  /** A certificate of another authority instead. */
  readonly identity?: Identity;
}

/** What it answers: the text of a policy, or whatever a function does. */
export type PolicyAnswer = string | ((request: IncomingMessage, response: ServerResponse) => void);

export async function policyServer(
  answer: PolicyAnswer,
  { names = ["mta-sts.example.com"], notAfter, identity }: PolicyServerOptions = {},
): Promise<PolicyServer> {
  const authority = createAuthority();
  const requests: string[] = [];
  const server = createServer(identity ?? authority.issue({ names, notAfter }), (request, response) => {
    requests.push(`${request.headers.host?.replace(/:\d+$/, "")} ${request.url}`);
    if (typeof answer === "function") answer(request, response);
    else response.writeHead(200, { "content-type": "text/plain" }).end(answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    fetchPolicy: (url, { signal }) => {
      const here = new URL(url);
      here.port = `${port}`;
      return fetchPolicy(here.href, {
        signal,
        ca: authority.certificate,
        lookup: (_name, { all }, callback) => {
          if (all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
          else callback(null, "127.0.0.1", 4);
        },
      });
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}
