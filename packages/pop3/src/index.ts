// The exports of @netcli/pop3, nothing else.
export { type Expiry, Pop3Capabilities } from "./capabilities.ts";
export { type MessagesOptions, Pop3Client, type Pop3ClientOptions, type QuitResult } from "./client.ts";
export { Pop3ReplyError } from "./errors.ts";
export { type MaildropRow, Pop3Message } from "./message.ts";
export { type Pop3Options } from "./options.ts";
export { type Pop3Reply } from "./reply.ts";
export { Retrieved } from "./retrieved.ts";
export { type MessageRow, type UidRow } from "./rows.ts";
export { FileSeenStore, type SeenStore } from "./seen.ts";
export { Pop3Session, type RetrieveOptions } from "./session.ts";
