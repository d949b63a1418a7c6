// Where data connections are made (RFC 959 4.1.2, RFC 2428).
import { isIPv4, isIPv6 } from "node:net";
import { activePort, type DataPort, type DataPortOptions, passivePort, sameAddress } from "../data-port.ts";
import { Refusal } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

function portOptions(
  { shared, connection, protection, tlsOptions, state }: Session,
  isTlsClient: boolean = state.isTlsClient,
): DataPortOptions {
  const { host = "127.0.0.1", delay = 0 } = shared.options;
  return {
    host,
    peer: connection.remoteAddress ?? "",
    tls: protection === "P" ? tlsOptions : undefined,
    isTlsClient,
    delay,
  };
}

/** The new port takes the place of one that was not used. */
async function use(session: Session, port: DataPort): Promise<void> {
  await session.dropPort();
  session.port = port;
  session.shared.ports.add(port);
}

/** As drftpd: its ports are on whichever machine has the file. */
export const pret: Verb = ({ state }, argument) => {
  if (!/^(?:RETR|STOR|APPE|STOU|LIST|NLST|MLSD)\b/i.test(argument)) return "504 That has no data connection.";
  state.purpose = argument;
  return "200 Ask for a port.";
};

async function openPassive(session: Session, isTlsClient?: boolean): Promise<number> {
  const { state, shared } = session;
  if (shared.features.has("PRET") && state.purpose === undefined) {
    throw new Refusal("500 You need a client that says PRET before PASV.");
  }
  state.purpose = undefined;
  const { passivePorts } = session.shared.options;
  try {
    const port = await passivePort(portOptions(session, isTlsClient), passivePorts);
    await use(session, port);
    return port.port;
  } catch {
    throw new Refusal("425 There is no port left.");
  }
}

const hostOf = ({ shared }: Session): string => shared.options.host ?? "127.0.0.1";

export const epsv: Verb = async (session, argument) => {
  if (/^ALL$/i.test(argument)) {
    session.state.isEpsvOnly = true;
    return "200 EPSV it is.";
  }
  const own = isIPv6(hostOf(session)) ? "2" : "1";
  if (!/^[12]?$/.test(argument)) return "501 EPSV, EPSV 1, EPSV 2 or EPSV ALL.";
  if (argument !== "" && argument !== own) return `522 Wrong network protocol, use (${own})`;
  return `229 Entering Extended Passive Mode (|||${await openPassive(session)}|)`;
};

const EPSV_ONLY = "501 EPSV ALL was said.";

async function answerPasv(session: Session, isTlsClient?: boolean): Promise<string> {
  if (session.state.isEpsvOnly) return EPSV_ONLY;
  const { pasvAddress = hostOf(session) } = session.shared.options;
  if (!isIPv4(pasvAddress)) return "425 This is IPv6: use EPSV.";
  const port = await openPassive(session, isTlsClient);
  return `227 Entering Passive Mode (${pasvAddress.replaceAll(".", ",")},${port >> 8},${port & 0xff}).`;
}

export const pasv: Verb = (session) => answerPasv(session);

/** As PASV, for another server to connect to, which does not begin with TLS. */
export const cpsv: Verb = (session) => answerPasv(session, true);

const LOWEST_PORT = 1024;

/** The client's own machine is all that may be connected to, and none of its services (RFC 2577 3). */
async function openActive(session: Session, address: string, port: number): Promise<string> {
  if (!sameAddress(address, session.connection.remoteAddress)) {
    return "504 Data connections go to the client itself.";
  }
  if (port < LOWEST_PORT || port > 65_535) return "501 Not to that port.";
  await use(session, activePort(port, portOptions(session)));
  return "200 To that port.";
}

export const port: Verb = (session, argument) => {
  if (session.state.isEpsvOnly) return EPSV_ONLY;
  const parts = /^\d{1,3}(?:,\d{1,3}){5}$/.test(argument) ? argument.split(",").map(Number) : [];
  const [high = 256, low = 256] = parts.slice(4);
  if (parts.some((part) => part > 255) || high > 255 || low > 255) return "501 That is no port.";
  return openActive(session, parts.slice(0, 4).join("."), high * 256 + low);
};

export const eprt: Verb = (session, argument) => {
  if (session.state.isEpsvOnly) return EPSV_ONLY;
  const [bar = ""] = argument;
  const [, family, address = "", number = "", end, ...more] = argument.split(bar);
  if (end !== "" || more.length > 0 || !/^\d{1,5}$/.test(number)) return "501 That is no port.";
  const own = isIPv6(hostOf(session)) ? "2" : "1";
  if (family !== own) return `522 Wrong network protocol, use (${own})`;
  if (own === "1" ? !isIPv4(address) : !isIPv6(address)) return "501 That is no address.";
  return openActive(session, address, Number(number));
};
