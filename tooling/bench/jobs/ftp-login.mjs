// Job `ftp-login`: how many round trips a login takes, in clear and over TLS.
import { atMostRoundTrips } from "../lib/bars.mjs";
import { basicFtp } from "../lib/basic-ftp.mjs";
import { measureChild, script } from "../lib/children.mjs";
import { provide } from "../lib/debian.mjs";
import { makeFtpPlace } from "../lib/ftp-place.mjs";
import { startFarTestServer } from "../lib/ftp-server.mjs";

/** So long that computing is next to nothing. */
const delayMs = 100;

const clients = [
  { key: "ours", name: "ours", command: (...at) => script("ours/ftp-login.mjs", ...at) },
  {
    key: "basic",
    name: "basic-ftp",
    command: (...at) => script("peers/ftp-login-basic.mjs", basicFtp(), ...at),
  },
  { key: "ftplib", name: "Python ftplib", command: (...at) => script("peers/ftp_login_ftplib.py", ...at) },
  {
    key: "curl",
    name: "curl",
    command(...at) {
      provide("curl", "curl");
      return script("peers/ftp_login_curl.py", ...at);
    },
  },
];

async function prepare(context) {
  const place = makeFtpPlace(context.folder);
  const { host, port, within, text } = await startFarTestServer(context, place, delayMs);
  const variants = [
    { suffix: "", manner: "in clear", at: [host, port] },
    { suffix: "-tls", manner: "TLS 1.3", at: [host, port, place.ca] },
  ].flatMap(({ suffix, manner, at }) =>
    clients.map(({ key, name, command }) => ({
      key: `${key}${suffix}`,
      name: `${name}, ${manner}`,
      ours: key === "ours",
      measure: () => measureChild(within(command(...at))),
      expect: 1,
      rate: { amount: 1, unit: "logins" },
      roundTrip: (2 * delayMs) / 1000,
    })),
  );
  return {
    size: `connect and login; ${text}`,
    variants,
    bars: [atMostRoundTrips(3, "ours"), atMostRoundTrips(5, "ours-tls")],
  };
}

export const ftpLogin = { name: "ftp-login", prepare };
