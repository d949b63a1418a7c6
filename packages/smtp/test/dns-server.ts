// A DNS server on loopback, for what a real resolver makes of answers (RFC 1035 4).
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Resolver } from "node:dns/promises";

const TYPES: ReadonlyMap<number, string> = new Map([
  [1, "A"],
  [15, "MX"],
  [16, "TXT"],
  [28, "AAAA"],
]);

/** The records of a question such as `MX example.com`, or the response code (3: no such name). */
export type DnsAnswers = Readonly<Record<string, readonly Buffer[] | number>>;

export interface DnsServer extends AsyncDisposable {
  /** Asks this server alone. */
  readonly resolver: Resolver;
}

/** A name as it goes over the wire, of labels that may hold any byte. */
function dnsName(...labels: readonly string[]): Buffer {
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, "latin1");
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

export function mxData(preference: number, ...labels: readonly string[]): Buffer {
  return Buffer.concat([Buffer.from([preference >> 8, preference & 0xff]), dnsName(...labels)]);
}

/** Questions that have no answer get an empty one: the name is there, but no such record. */
export async function dnsServer(answers: DnsAnswers): Promise<DnsServer> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => socket.send(reply(query, answers), port, address));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolver,
    async [Symbol.asyncDispose]() {
      resolver.cancel();
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

function reply(query: Buffer, answers: DnsAnswers): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const found = answers[`${TYPES.get(type)} ${labels.join(".")}`] ?? [];
  const records = typeof found === "number" ? [] : found;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // A response, recursion desired and available.
  header.writeUInt16BE(0x8180 | (typeof found === "number" ? found : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(12, at + 5), ...records.map((data) => record(type, data))]);
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  // The name is the question's.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
