// What is run: groups of cases, each with what it takes to begin one of them.
import { configurationsOf, titleOf } from "./lib/configurations.mjs";
import { DownloadRun } from "./lib/download-run.mjs";
import { mailGroups } from "./lib/mail-groups.mjs";
import { MatrixRun } from "./lib/matrix-run.mjs";
import { installNative } from "./lib/native-packages.mjs";
import { NativeRun } from "./lib/native-run.mjs";
import { makePlace } from "./lib/place.mjs";
import { pop3Groups } from "./lib/pop3-groups.mjs";
import { serveFiles } from "./lib/served.mjs";
import { Servers } from "./lib/servers.mjs";
import { spoken } from "./lib/spoken.mjs";
import { scenarios as ofFtpClient } from "./scenarios/ftp-client.mjs";
import { scenarios as ofFtpDownload } from "./scenarios/ftp-download.mjs";
import { scenarios as ofFiles } from "./scenarios/ftp-matrix/files.mjs";
import { scenarios as ofListing } from "./scenarios/ftp-matrix/listing.mjs";
import { scenarios as ofNames } from "./scenarios/ftp-matrix/names.mjs";
import { scenarios as ofSessions } from "./scenarios/ftp-matrix/sessions.mjs";
import { scenarios as ofTransfers } from "./scenarios/ftp-matrix/transfers.mjs";
import { scenarios as ofTrees } from "./scenarios/ftp-matrix/trees.mjs";
import { scenarios as ofUnixDatagrams } from "./scenarios/unix-datagrams.mjs";
import { proftpd } from "./servers/proftpd.mjs";
import { pureFtpd } from "./servers/pure-ftpd.mjs";
import { pyftpdlib } from "./servers/pyftpdlib.mjs";
import { vsftpd } from "./servers/vsftpd.mjs";

let madePlace;
/** One for all servers. */
function place() {
  madePlace ??= makePlace();
  return madePlace;
}

/** Downloads from vsftpd, by a program and a client. */
const downloads = {
  cases: [...ofFtpDownload, ...ofFtpClient].map((scenario) => ({ name: scenario.name, scenario })),
  prepare() {
    const { root, files } = serveFiles(place());
    const servers = new Servers(vsftpd, place(), root);
    return (signal) => new DownloadRun({ place: place(), servers, files, signal });
  },
};

/** Unix datagrams. */
const datagrams = {
  cases: ofUnixDatagrams.map((scenario) => ({ name: scenario.name, scenario })),
  prepare() {
    const folder = installNative("unix-dgram@^2.0.7", ["core-transport", "socketserver"]);
    return (signal) => new NativeRun({ folder, signal });
  },
};

const ofMatrix = [...ofListing, ...ofNames, ...ofTransfers, ...ofFiles, ...ofTrees];

const kinds = [vsftpd, proftpd, pureFtpd, pyftpdlib];
const configurations = configurationsOf(kinds);

/** All, but for what a server can't do whoever the client is. */
function scenariosFor(kind, configuration) {
  return kind.forgetsSessions?.(configuration) === true ? ofMatrix : [...ofMatrix, ...ofSessions];
}

/** All that an FTP client does, with one kind of server in its configurations. */
function matrixOf(kind) {
  return {
    cases: configurations
      .filter(({ server }) => server === kind.name)
      .flatMap((configuration) =>
        scenariosFor(kind, configuration).map((scenario) => ({
          name: `${titleOf(configuration)}: ${spoken(scenario.name)}`,
          scenario,
          configuration,
        })),
      ),
    prepare() {
      const root = place().folderOfAccount(kind.name);
      const servers = new Servers(kind, place(), root);
      return (signal, { configuration }) =>
        new MatrixRun({ place: place(), servers, root, kind, configuration, signal });
    },
  };
}

/**
 * `prepare` gives a function that begins a run of a case, and throws Skipped where that cannot be had. The groups of
 * one stage run at the same time.
 */
export const stages = [[downloads], [datagrams], kinds.map(matrixOf), mailGroups(place), pop3Groups(place)];
