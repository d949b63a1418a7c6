// FTP, SMTP and POP3 servers for tests and for the tour, our own and those that others wrote: explicit exports only.
export { type Ending } from "./ending.ts";
export { type FtpSrv, type FtpSrvOptions, type FtpSrvUser, startFtpSrv } from "./ftp-srv.ts";
export { type FtpCommand } from "./ftp/command.ts";
export { type DataFault, type FtpFault, type Replacement, type StreamFault } from "./ftp/faults.ts";
export { type FtpFeature, type FtpFeatures, type FtpVerb } from "./ftp/features.ts";
export { type ListEntry } from "./ftp/listing.ts";
export { type FtpHook, type FtpServerOptions, type FtpUser } from "./ftp/options.ts";
export { startFtpServer } from "./ftp/server.ts";
export { type FtpServer, type FtpServerSession, type FtpServerTransfer } from "./ftp/view.ts";
export { type MessageEnvelope, Mailboxes, type StoredMessage } from "./mailbox.ts";
export { type CapabilityContext, type Pop3ServerOptions } from "./pop3/options.ts";
export {
  type OutputCut,
  type OutputSplit,
  type Pop3Answer,
  type Pop3Fault,
  type Pop3Hook,
} from "./pop3/faults.ts";
export { type Pop3Quirks } from "./pop3/quirks.ts";
export { startPop3Server } from "./pop3/server.ts";
export { type Pop3State } from "./pop3/standing.ts";
export { type Pop3Server, type Pop3ServerSession } from "./pop3/view.ts";
export {
  type SmtpAuthMethod,
  type SmtpExtension,
  type SmtpRefusal,
  type SmtpServer,
  type SmtpServerOptions,
  startSmtpServer,
} from "./smtp-server.ts";
export { type EnvelopeAddress, type ReceivedMessage } from "./smtp/message.ts";
export { type ContentFault, type EsmtpAnswer, type EsmtpFault, type EsmtpHook } from "./smtp/faults.ts";
export { type EsmtpServerOptions, type OfferContext } from "./smtp/options.ts";
export { startEsmtpServer } from "./smtp/server.ts";
export { type EsmtpMessage, type EsmtpServer, type EsmtpServerSession } from "./smtp/view.ts";
