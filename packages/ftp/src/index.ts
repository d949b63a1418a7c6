// The exports of @netcli/ftp, nothing else.
export { type ByteTaker } from "./byte-taker.ts";
export { FtpClient } from "./client.ts";
export { type VerbOptions } from "@netcli/core-transport";
export { type ListOptions } from "./directory.ts";
export { type DownloadOptions } from "./download.ts";
export { type FileResult, type TransferProgress } from "./progress.ts";
export { type FtpEncoding } from "./encoding.ts";
export { type FtpFeatures } from "./features.ts";
export { ftpCopy, type FtpCopyOptions, type FtpCopyResult } from "./fxp.ts";
export { type FtpHash } from "./hash.ts";
export { type FtpEntry, type FtpEntryType, type ListingFormat, type TimePrecision } from "./listing/entry.ts";
export { parseMlsx } from "./listing/mlsx.ts";
export {
  ListingReader,
  type ListingParser,
  type ListingReaderOptions,
  parseListingLine,
} from "./listing/reader.ts";
export { isSafeName, type SafeNameOptions } from "./listing/safe-name.ts";
export {
  type MirrorItem,
  type MirrorOptions,
  type MirrorProgress,
  type MirrorResult,
} from "./mirror-options.ts";
export { type FtpOptions } from "./options.ts";
export { type FtpReply } from "./reply.ts";
export { FtpSession, type OpenTransfer, type StoreOptions, type TransferResult } from "./session.ts";
export { type FtpClientOptions } from "./sessions.ts";
export { type TransferMode, type TransferType } from "./settings.ts";
export { type OpenOptions, type PourFileOptions } from "./streams.ts";
export { type TransferOptions } from "./transfer.ts";
export { type UploadOptions, type UploadSource } from "./upload.ts";
export { type Verify } from "./verify.ts";
export { type WalkItem, type WalkOptions } from "./walk.ts";
