// A SOCKS 5 proxy that can CONNECT, with user and password if asked (RFC 1928; RFC 1929).
import { addressOctets, addressText } from "./ip-address.ts";
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

const method = { none: 0x00, password: 0x02, unacceptable: 0xff };
const succeeded = 0x00;
const commandNotSupported = 0x07;
const addressTypeNotSupported = 0x08;
const replyTo: Record<Unreachable, number> = { forbidden: 0x02, unknown: 0x04, refused: 0x05 };

export function socks5Proxy(options: ProxyOptions = {}): Promise<ProxyServer> {
  return proxyServer("socks5", options, async (peer, requests) => {
    if (!(await authenticated(peer, options))) return;
    const [version, command, reserved, type] = await peer.read(4);
    if (version !== 5 || reserved !== 0)
      throw new Error("the SOCKS request does not start with 5, command, 0");
    const request = await target(peer, type ?? 0);
    if (request === undefined) return peer.send(reply(addressTypeNotSupported));
    if (command !== 1) return peer.send(reply(commandNotSupported));
    requests.push(request);
    if (options.refuseWith !== undefined) return peer.send(reply(options.refuseWith));
    const upstream = await reach(request);
    if (typeof upstream === "string") return peer.send(reply(replyTo[upstream]));
    return relay(peer, upstream, reply(succeeded, upstream.localAddress, upstream.localPort));
  });
}

async function authenticated(peer: ScriptedPeer, options: ProxyOptions): Promise<boolean> {
  const [version, count] = await peer.read(2);
  if (version !== 5) throw new Error(`the client speaks SOCKS version ${version}`);
  const offered = await peer.read(count ?? 0);
  const asks = options.username !== undefined || options.password !== undefined;
  const wanted = asks ? method.password : method.none;
  const chosen = offered.includes(wanted) ? wanted : method.unacceptable;
  await peer.send(Buffer.from([5, chosen]));
  if (chosen !== method.password) return chosen === method.none;

  const [negotiation] = await peer.read(1);
  if (negotiation !== 1) throw new Error(`the client speaks version ${negotiation} of the negotiation`);
  const username = await counted(peer);
  const password = await counted(peer);
  const right = username === (options.username ?? "") && password === (options.password ?? "");
  await peer.send(Buffer.from([1, right ? 0 : 1]));
  return right;
}

async function target(peer: ScriptedPeer, type: number): Promise<ProxyRequest | undefined> {
  let host: string;
  if (type === 1) host = addressText(await peer.read(4));
  else if (type === 3) host = await counted(peer);
  else if (type === 4) host = addressText(await peer.read(16));
  else return undefined;
  return { host, port: (await peer.read(2)).readUInt16BE() };
}

async function counted(peer: ScriptedPeer): Promise<string> {
  const [size] = await peer.read(1);
  return (await peer.read(size ?? 0)).toString("utf8");
}

function reply(code: number, boundTo = "0.0.0.0", port = 0): Buffer {
  const address = addressOctets(boundTo);
  const type = address.length === 4 ? 1 : 4;
  return Buffer.from([5, code, 0, type, ...address, port >> 8, port & 0xff]);
}
