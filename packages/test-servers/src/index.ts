// FTP servers for tests and for the tour, our own and one that others wrote: explicit exports only.
export { type FtpSrv, type FtpSrvOptions, type FtpSrvUser, startFtpSrv } from "./ftp-srv.ts";
export { type FtpCommand } from "./ftp/command.ts";
export {
  type DataFault,
  type FtpEnding,
  type FtpFault,
  type Replacement,
  type StreamFault,
} from "./ftp/faults.ts";
export { type FtpFeature, type FtpFeatures, type FtpVerb } from "./ftp/features.ts";
export { type ListEntry } from "./ftp/listing.ts";
export { type FtpHook, type FtpServerOptions, type FtpUser } from "./ftp/options.ts";
export { startFtpServer } from "./ftp/server.ts";
export { type FtpServer, type FtpServerSession, type FtpServerTransfer } from "./ftp/view.ts";
