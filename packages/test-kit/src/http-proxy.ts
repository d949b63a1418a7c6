// An HTTP proxy that can CONNECT, with Basic credentials if asked (RFC 9110, 9.3.6 and 11.7; RFC 7617).
import {
  type ProxyOptions,
  type ProxyRequest,
  type ProxyServer,
  proxyServer,
  reach,
  relay,
  type Unreachable,
} from "./proxy-server.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

const statusOf: Record<Unreachable, number> = { forbidden: 403, unknown: 502, refused: 502 };

interface RequestHead {
  method: string;
  target: string;
  fields: Map<string, string>;
}

export function httpProxy(options: ProxyOptions = {}): Promise<ProxyServer> {
  return proxyServer("http", options, async (peer, requests) => {
    const head = await requestHead(peer);
    if (head.method !== "CONNECT") return refuse(peer, 405, "Allow: CONNECT");
    const request = authority(head.target);
    if (!authorized(head, options)) return refuse(peer, 407, 'Proxy-Authenticate: Basic realm="test"');
    requests.push(request);
    if (options.refuseWith !== undefined) return refuse(peer, options.refuseWith);
    const upstream = await reach(request);
    if (typeof upstream === "string") return refuse(peer, statusOf[upstream]);
    return relay(peer, upstream, "HTTP/1.1 200 Connection established\r\n\r\n");
  });
}

async function requestHead(peer: ScriptedPeer): Promise<RequestHead> {
  const requestLine = await peer.expect(/^[A-Z]+ [^ ]+ HTTP\/1\.[01]$/);
  const [method = "", target = ""] = requestLine.split(" ");
  const fields = new Map<string, string>();
  for (let line = await peer.readLine(); line !== ""; line = await peer.readLine()) {
    const match = /^(?<name>[\w!#$%&'*+.^`|~-]+):[ \t]*(?<value>.*?)[ \t]*$/.exec(line);
    if (match === null) throw new Error(`not a header field: ${JSON.stringify(line)}`);
    fields.set(match.groups?.["name"]?.toLowerCase() ?? "", match.groups?.["value"] ?? "");
  }
  if (requestLine.endsWith("1.1") && !fields.has("host")) throw new Error("HTTP/1.1 without a Host field");
  return { method, target, fields };
}

function authority(target: string): ProxyRequest {
  const match = /^(?:\[(?<literal>[^\]]+)\]|(?<name>[^:]+)):(?<port>\d+)$/.exec(target);
  if (match === null) throw new Error(`CONNECT takes host:port, not ${JSON.stringify(target)}`);
  return {
    host: match.groups?.["literal"] ?? match.groups?.["name"] ?? "",
    port: Number(match.groups?.["port"]),
  };
}

function authorized(head: RequestHead, { username, password }: ProxyOptions): boolean {
  if (username === undefined && password === undefined) return true;
  const [scheme, credentials] = (head.fields.get("proxy-authorization") ?? "").split(/ +/);
  const wanted = Buffer.from(`${username ?? ""}:${password ?? ""}`).toString("base64");
  return scheme?.toLowerCase() === "basic" && credentials === wanted;
}

function refuse(peer: ScriptedPeer, status: number, ...fields: string[]): Promise<void> {
  const lines = [`HTTP/1.1 ${status} Refused`, ...fields, "Content-Length: 0", "Connection: close", "", ""];
  return peer.send(lines.join("\r\n"));
}
