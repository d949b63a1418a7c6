// What the server can do, and which of it is switched off.

export type FtpVerb =
  | "ABOR"
  | "ACCT"
  | "ALLO"
  | "APPE"
  | "AUTH"
  | "AVBL"
  | "CCC"
  | "CDUP"
  | "CLNT"
  | "COMB"
  | "CPSV"
  | "CSID"
  | "CWD"
  | "DELE"
  | "EPRT"
  | "EPSV"
  | "FEAT"
  | "HASH"
  | "HELP"
  | "HOST"
  | "LANG"
  | "LIST"
  | "MDTM"
  | "MFF"
  | "MFMT"
  | "MKD"
  | "MLSD"
  | "MLST"
  | "MODE"
  | "NLST"
  | "NOOP"
  | "OPTS"
  | "PASS"
  | "PASV"
  | "PBSZ"
  | "PORT"
  | "PRET"
  | "PROT"
  | "PWD"
  | "QUIT"
  | "RANG"
  | "REIN"
  | "REST"
  | "RETR"
  | "RMD"
  | "RNFR"
  | "RNTO"
  | "SITE"
  | "SIZE"
  | "SSCN"
  | "STAT"
  | "STOR"
  | "STOU"
  | "STRU"
  | "SYST"
  | "TYPE"
  | "USER"
  | "XCRC"
  | "XCUP"
  | "XCWD"
  | "XMD5"
  | "XMKD"
  | "XPWD"
  | "XRMD"
  | "XSHA"
  | "XSHA1"
  | "XSHA256"
  | "XSHA512";

/** A verb, or a part of what one can do. */
export type FtpFeature =
  | FtpVerb
  /** Times of files are set with `MDTM time name`, as before there was MFMT. */
  | "MDTM set"
  | "MODE Z"
  /** Data connections in clear on a control connection over TLS. */
  | "PROT C"
  | "SITE CHMOD"
  | "SITE UTIME"
  /** A listing over the control connection. */
  | "STAT path"
  | "UTF8";

/** False: as though the server had never heard of it (500); 502: it knows, but does not do it. */
export type FtpFeatures = Readonly<Partial<Record<FtpFeature, boolean | 500 | 502>>>;

// CCC leads back from TLS to a connection in clear: most servers refuse it. Where PRET is on, no data connection is to
// be had without it.
const OFF_BY_DEFAULT: ReadonlySet<FtpFeature> = new Set(["CCC", "PRET"]);

/** Which features are there. */
export class Features {
  readonly #given: FtpFeatures;

  constructor(given: FtpFeatures) {
    this.#given = given;
  }

  has(feature: FtpFeature): boolean {
    return (this.#given[feature] ?? !OFF_BY_DEFAULT.has(feature)) === true;
  }

  /** The code of the refusal, for what is not there. */
  refusal(feature: FtpFeature): 500 | 502 {
    return this.#given[feature] === 502 ? 502 : 500;
  }
}
