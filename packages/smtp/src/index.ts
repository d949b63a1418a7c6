// The exports of @netcli/smtp, nothing else.
export { type Address, parseAddress } from "./address.ts";
export { parseAddressList } from "./address-list.ts";
export { LmtpClient, send, SmtpClient } from "./client.ts";
export { deliver, type DeliverMail, type DeliverOptions } from "./deliver.ts";
export {
  type DeliverResult,
  type DeliveryAttempt,
  type DomainDelivery,
  type PolicyViolation,
  type RecipientDelivery,
} from "./delivery-result.ts";
export { type Envelope, envelopeOf } from "./envelope.ts";
export { SendError, type SendPhase } from "./errors.ts";
export { SmtpExtensions } from "./extensions.ts";
export { type HeaderField, splitHeader, type SplitMessage } from "./header.ts";
export { type Mail } from "./mail.ts";
export { type SmtpOptions } from "./options.ts";
export { type Recipient, type Recipients, type SendOptions } from "./order.ts";
export { type Message } from "./message-source.ts";
export { findPolicy, type FindPolicyOptions, type PolicyFinding } from "./mta-sts.ts";
export { type MailResolver, type MxHost, resolveMx, type ResolveMxOptions } from "./mx.ts";
export { type MailOptions, type RcptOptions } from "./parameters.ts";
export { type KnownPolicy, type PolicyCache, PolicyMemory } from "./policy-cache.ts";
export { fetchPolicy, type FetchPolicy, type FetchPolicyOptions } from "./policy-fetch.ts";
export { type RateLimit } from "./rate.ts";
export { type SmtpReply } from "./reply.ts";
export { type RecipientResult, type RecipientStatus, type SendResult } from "./result.ts";
export { type DataOptions, type MessageReply, SmtpSession } from "./session.ts";
export { type SmtpClientOptions } from "./sessions.ts";
export { matchesMx, type StsMode, type StsPolicy, type StsRules } from "./sts-policy.ts";
