// The exports of @netcli/ftp, nothing else.
export { FtpClient, type DownloadOptions, type TransferProgress } from "./client.ts";
export { type FtpOptions } from "./options.ts";
export { type FtpReply } from "./reply.ts";
export { FtpSession, type ByteTaker, type TransferResult, type VerbOptions } from "./session.ts";
export { type TransferOptions } from "./transfer.ts";
