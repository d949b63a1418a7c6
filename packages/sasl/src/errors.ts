// What servers say of a refusal inside a mechanism, and the codes of what is no refusal but an attack.
import { NetcliError, ProtocolError } from "@netcli/core-transport";

/** What a MechanismError tells beside its message. */
export interface MechanismErrorDetails {
  readonly mechanism: string;
  readonly reason: string;
  readonly isAboutMechanism?: boolean;
  readonly scope?: string | undefined;
  readonly openidConfiguration?: string | undefined;
}

/**
 * MechanismError: why the server refused, in the words of the mechanism. It is the `cause` of the error that the
 * protocol makes of the server's reply.
 */
export class MechanismError extends NetcliError {
  static override readonly kind: string = "MechanismError";
  readonly mechanism: string;
  /** SCRAM's `e=` (`invalid-proof`), or OAuth's status (`invalid_token`, `401`). */
  readonly reason: string;
  /** It can't be used in this way, which says nothing about the credentials: the next mechanism may succeed. */
  readonly isAboutMechanism: boolean;
  /** OAuth: the scope that a token needs. */
  readonly scope: string | undefined;
  /** OAuth: where it is written how to get a token. */
  readonly openidConfiguration: string | undefined;

  constructor(message: string, details: MechanismErrorDetails) {
    super(message, "ERR_NETCLI_SASL");
    this.mechanism = details.mechanism;
    this.reason = details.reason;
    this.isAboutMechanism = details.isAboutMechanism ?? false;
    this.scope = details.scope;
    this.openidConfiguration = details.openidConfiguration;
  }
}

/** Someone in between hid from us that the server binds to TLS. */
export function downgraded(message: string): ProtocolError {
  return new ProtocolError(message, { code: "ERR_NETCLI_SASL_DOWNGRADE" });
}

/** Our TLS connection is not the server's. */
export function otherChannel(message: string): ProtocolError {
  return new ProtocolError(message, { code: "ERR_NETCLI_SASL_CHANNEL_BINDING" });
}

/** Whoever answers has not shown that it knows the password. */
export function unproven(message: string): ProtocolError {
  return new ProtocolError(message, { code: "ERR_NETCLI_SASL_SERVER_UNPROVEN" });
}
