// TLS (RFC 4217, RFC 2228).
import { State } from "../state.ts";
import type { Verb } from "./verb.ts";

export const auth: Verb = (session, mechanism) => {
  const { tlsOptions } = session;
  if (tlsOptions === undefined) return "502 There is no TLS here.";
  if (session.isSecure) return "503 TLS is there already.";
  if (!/^(?:TLS(?:-[CP])?|SSL)$/i.test(mechanism)) return "504 AUTH TLS is all that is known here.";
  // RFC 4217 4: who was logged in is so no more, for it may have been someone else.
  session.state = new State();
  session.hasBufferSize = false;
  // As the drafts before RFC 4217 had it: these two protect data connections, too.
  session.protection = /^(?:TLS-P|SSL)$/i.test(mechanism) ? "P" : "C";
  session.afterReply = () => session.startTls(tlsOptions);
  return "234 Go ahead.";
};

export const pbsz: Verb = (session, size) => {
  if (!session.isSecure) return "503 AUTH comes first.";
  if (!/^\d+$/.test(size)) return "501 That is not a size.";
  session.hasBufferSize = true;
  return size === "0" ? "200 PBSZ=0" : "200 PBSZ=0 will do.";
};

export const prot: Verb = (session, level) => {
  if (!session.hasBufferSize) return "503 PBSZ comes first.";
  const { features, options } = session.shared;
  switch (level.toUpperCase()) {
    case "P": {
      session.protection = "P";
      return "200 Data connections are private.";
    }
    case "C": {
      if (!features.has("PROT C")) return "536 Data connections are private here.";
      if (options.requireTls === true) return "534 Data connections have to be private.";
      session.protection = "C";
      return "200 Data connections are clear.";
    }
    case "E":
    case "S": {
      return "536 There is no such protection with TLS.";
    }
    default: {
      return "504 There is no such protection.";
    }
  }
};

/** Known from glFTPd: for copies from server to server, one of which has to be the client of TLS. */
export const sscn: Verb = ({ state }, argument) => {
  if (!/^(?:ON|OFF)?$/i.test(argument)) return "501 ON or OFF.";
  if (argument !== "") state.isTlsClient = /^ON$/i.test(argument);
  return `200 SSCN:${state.isTlsClient ? "CLIENT" : "SERVER"} METHOD`;
};

export const ccc: Verb = (session) => {
  if (!session.isSecure) return "533 There is nothing to clear.";
  if (!session.canEndTls) return "534 TLS stays.";
  session.endTls();
  return "200 In clear from now on.";
};
