// What the server says of itself (RFC 959 4.1.3, RFC 2389, RFC 2640, RFC 7151).
import type { FtpVerb } from "../features.ts";
import { factNames } from "../listing.ts";
import type { Session } from "../session.ts";
import { hashNames } from "../state.ts";
import { statPath } from "./listings.ts";
import type { Verb } from "./verb.ts";

const PLAIN = [
  "AVBL",
  "CLNT",
  "COMB",
  "CSID",
  "EPRT",
  "EPSV",
  "HOST",
  "MDTM",
  "MFMT",
  "PRET",
  "SIZE",
] as const satisfies readonly FtpVerb[];
const DIGESTS = ["XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512"] as const satisfies readonly FtpVerb[];

function featureLines({ shared, state }: Session): string[] {
  const { features, options } = shared;
  const facts = factNames.map((fact) => `${fact}${state.facts.has(fact) ? "*" : ""};`).join("");
  const hashes = hashNames.map((name) => `${name}${state.hash === name ? "*" : ""}`).join(";");
  const security = (["PBSZ", "PROT", "CCC", "CPSV", "SSCN"] as const).filter((verb) => features.has(verb));
  return [
    ...(options.tls !== undefined && features.has("AUTH") ? ["AUTH TLS", ...security] : []),
    ...PLAIN.filter((verb) => features.has(verb)),
    ...(features.has("HASH") ? [`HASH ${hashes}`] : []),
    ...(features.has("LANG") ? ["LANG EN*"] : []),
    ...(features.has("MFF") ? ["MFF Modify;UNIX.mode;"] : []),
    // RFC 3659 7.8: it stands for MLSD, too.
    ...(features.has("MLST") ? [`MLST ${facts}`] : []),
    ...(features.has("MODE Z") && features.has("MODE") ? ["MODE Z"] : []),
    ...(features.has("RANG") ? ["RANG STREAM"] : []),
    ...(features.has("REST") ? ["REST STREAM"] : []),
    ...(features.has("SITE UTIME") ? ["SITE UTIME"] : []),
    "TVFS",
    ...(features.has("UTF8") ? ["UTF8"] : []),
    ...DIGESTS.filter((verb) => features.has(verb)),
  ];
}

export const feat: Verb = (session) => [
  "211-Features:",
  ...featureLines(session).map((line) => ` ${line}`),
  "211 End",
];

export const help: Verb = ({ shared }, argument) => {
  const known = shared.verbs.filter((verb) => shared.features.has(verb));
  if (argument === "") return ["214-These are known:", ` ${known.join(" ")}`, "214 End"];
  const isKnown = known.some((verb) => verb === argument.toUpperCase());
  return isKnown ? "214 It does what the RFCs say." : "502 That is not known.";
};

export const syst: Verb = ({ shared }) =>
  shared.options.listing === "dos" ? "215 Windows_NT" : "215 UNIX Type: L8";

export const noop: Verb = () => "200 Nothing done.";

export const clnt: Verb = () => "200 Noted.";

/** draft-peterson-streamlined-ftp-command-extensions. */
export const csid: Verb = () => "200 Name=netcli test server; Version=1; CaseSensitive=1; DirSep=/;";

export const host: Verb = ({ state }) =>
  state.name === undefined ? "220 At your service." : "503 HOST comes before USER.";

export const lang: Verb = (_session, language) =>
  /^(?:en(?:-.*)?)?$/i.test(language) ? "200 English." : "504 English is all that is spoken.";

export const stat: Verb = (session, path) => {
  const { state, protection, shared } = session;
  if (path !== "") return statPath(session, path);
  return [
    `211-${shared.options.host ?? "127.0.0.1"} FTP server status:`,
    ` ${state.user === undefined ? "Nobody is logged in" : `Logged in as ${state.user}`}`,
    ` TYPE: ${state.type}, STRU: F, MODE: ${state.mode}, PROT: ${protection}`,
    "211 End",
  ];
};
