// Which verb does what, and when it may be used.
import type { FtpVerb } from "../features.ts";
import { xcrc, hash, xmd5, xsha1, xsha256, xsha512 } from "./digests.ts";
import { cdup, cwd, mkd, pwd, rmd } from "./directories.ts";
import { avbl, comb, dele, mdtm, mff, mfmt, rnfr, rnto, site, size } from "./files.ts";
import { clnt, csid, feat, help, host, lang, noop, stat, syst } from "./information.ts";
import { list, mlsd, mlst, nlst } from "./listings.ts";
import { acct, pass, quit, rein, user } from "./login.ts";
import { allo, mode, opts, rang, rest, stru, type } from "./parameters.ts";
import { cpsv, epsv, eprt, pasv, port, pret } from "./ports.ts";
import { auth, ccc, pbsz, prot, sscn } from "./security.ts";
import { abor, appe, retr, stor, stou } from "./transfers.ts";
import type { VerbEntry } from "./verb.ts";

export const verbs: Readonly<Record<FtpVerb, VerbEntry>> = {
  ABOR: { run: abor },
  ACCT: { run: acct, login: false, argument: true },
  ALLO: { run: allo, argument: true },
  APPE: { run: appe, argument: true },
  AUTH: { run: auth, login: false, argument: true },
  AVBL: { run: avbl },
  CCC: { run: ccc, login: false },
  CDUP: { run: cdup },
  CLNT: { run: clnt, login: false },
  COMB: { run: comb, argument: true },
  CPSV: { run: cpsv },
  CSID: { run: csid, login: false, argument: true },
  CWD: { run: cwd, argument: true },
  DELE: { run: dele, argument: true },
  EPRT: { run: eprt, argument: true },
  EPSV: { run: epsv },
  FEAT: { run: feat, login: false },
  HASH: { run: hash, argument: true },
  HELP: { run: help, login: false },
  HOST: { run: host, login: false, argument: true },
  LANG: { run: lang, login: false },
  LIST: { run: list },
  MDTM: { run: mdtm, argument: true },
  MFF: { run: mff, argument: true },
  MFMT: { run: mfmt, argument: true },
  MKD: { run: mkd, argument: true },
  MLSD: { run: mlsd },
  MLST: { run: mlst },
  MODE: { run: mode, argument: true },
  NLST: { run: nlst },
  NOOP: { run: noop, login: false },
  OPTS: { run: opts, login: false, argument: true },
  PASS: { run: pass, login: false },
  PASV: { run: pasv },
  PBSZ: { run: pbsz, login: false, argument: true },
  PORT: { run: port, argument: true },
  PRET: { run: pret, argument: true },
  PROT: { run: prot, login: false, argument: true },
  PWD: { run: pwd },
  QUIT: { run: quit, login: false },
  RANG: { run: rang, argument: true },
  REIN: { run: rein, login: false },
  REST: { run: rest, argument: true },
  RETR: { run: retr, argument: true },
  RMD: { run: rmd, argument: true },
  RNFR: { run: rnfr, argument: true },
  RNTO: { run: rnto, argument: true },
  SITE: { run: site, argument: true },
  SIZE: { run: size, argument: true },
  SSCN: { run: sscn },
  STAT: { run: stat },
  STOR: { run: stor, argument: true },
  STOU: { run: stou },
  STRU: { run: stru, argument: true },
  SYST: { run: syst, login: false },
  TYPE: { run: type, argument: true },
  USER: { run: user, login: false, argument: true },
  XCRC: { run: xcrc, argument: true },
  XCUP: { run: cdup },
  XCWD: { run: cwd, argument: true },
  XMD5: { run: xmd5, argument: true },
  XMKD: { run: mkd, argument: true },
  XPWD: { run: pwd },
  XRMD: { run: rmd, argument: true },
  XSHA: { run: xsha1, argument: true },
  XSHA1: { run: xsha1, argument: true },
  XSHA256: { run: xsha256, argument: true },
  XSHA512: { run: xsha512, argument: true },
};
