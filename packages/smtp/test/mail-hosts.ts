// Mail servers that are reached by the names that MX records have for them.
import { once } from "node:events";
import { connect } from "node:net";
import type { Connector } from "@netcli/core-transport";

export interface MailHosts {
  /** In place of the way through the net: leads to the ports of loopback. */
  readonly proxy: Connector;
  /** The hosts in the order in which they were called. */
  readonly called: readonly string[];
}

/** Knows these hosts; no way leads to others. */
export function mailHosts(ports: Readonly<Record<string, number>>): MailHosts {
  const called: string[] = [];
  return {
    called,
    proxy: async ({ host, port, signal }) => {
      called.push(`${host}:${port}`);
      const there = Object.hasOwn(ports, host) ? ports[host] : undefined;
      if (there === undefined) throw Object.assign(new Error(`no way to ${host}`), { code: "EHOSTUNREACH" });
      const socket = connect(there, "127.0.0.1");
      await once(socket, "connect", { signal });
      return socket;
    },
  };
}
