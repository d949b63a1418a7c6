// Servers written by others, for tests and for the tour: explicit exports only.
export { type FtpSrv, type FtpSrvOptions, type FtpSrvUser, startFtpSrv } from "./ftp-srv.ts";
