// The exports of @netcli/ftp, nothing else.
export { type ByteTaker } from "./byte-taker.ts";
export {
  FtpClient,
  type DownloadOptions,
  type ListOptions,
  type TransferProgress,
  type UploadOptions,
} from "./client.ts";
export { type VerbOptions } from "./control.ts";
export { type FtpEncoding } from "./encoding.ts";
export { type FtpFeatures } from "./features.ts";
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
export { type FtpOptions } from "./options.ts";
export { type FtpReply } from "./reply.ts";
export { FtpSession, type OpenTransfer, type StoreOptions, type TransferResult } from "./session.ts";
export { type TransferOptions, type TransferType } from "./transfer.ts";
