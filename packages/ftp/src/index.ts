// The exports of @netcli/ftp, nothing else.
export { type ByteTaker } from "./byte-taker.ts";
export { FtpClient, type DownloadOptions, type TransferProgress } from "./client.ts";
export { type FtpOptions } from "./options.ts";
export { type FtpReply } from "./reply.ts";
export { FtpSession, type TransferResult, type VerbOptions } from "./session.ts";
export { type TransferOptions } from "./transfer.ts";
