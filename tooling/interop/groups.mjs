// What is run: groups of cases, each with what it takes to begin one of them.
import { configurationsOf, titleOf } from "./lib/configurations.mjs";
import { DownloadRun } from "./lib/download-run.mjs";
import { Mailboxes } from "./lib/mail-boxes.mjs";
import {
  configurationsOf as mailConfigurationsOf,
  titleOf as titleOfMail,
} from "./lib/mail-configurations.mjs";
import { MailRun } from "./lib/mail-run.mjs";
import { MailHouse } from "./lib/mail-servers.mjs";
import { SinkRun } from "./lib/mail-sink-run.mjs";
import { MatrixRun } from "./lib/matrix-run.mjs";
import { installNative } from "./lib/native-packages.mjs";
import { NativeRun } from "./lib/native-run.mjs";
import { makePlace } from "./lib/place.mjs";
import { serveFiles } from "./lib/served.mjs";
import { Servers } from "./lib/servers.mjs";
import { scenarios as ofFtpClient } from "./scenarios/ftp-client.mjs";
import { scenarios as ofFtpDownload } from "./scenarios/ftp-download.mjs";
import { scenarios as ofFiles } from "./scenarios/ftp-matrix/files.mjs";
import { scenarios as ofListing } from "./scenarios/ftp-matrix/listing.mjs";
import { scenarios as ofNames } from "./scenarios/ftp-matrix/names.mjs";
import { scenarios as ofSessions } from "./scenarios/ftp-matrix/sessions.mjs";
import { scenarios as ofTransfers } from "./scenarios/ftp-matrix/transfers.mjs";
import { scenarios as ofTrees } from "./scenarios/ftp-matrix/trees.mjs";
import { scenarios as ofMailContents } from "./scenarios/mail/contents.mjs";
import { scenarios as ofMailFailures } from "./scenarios/mail/failures.mjs";
import { scenarios as ofMailGreetings } from "./scenarios/mail/greetings.mjs";
import { scenarios as ofMailLogins } from "./scenarios/mail/logins.mjs";
import { scenarios as ofMailParameters } from "./scenarios/mail/parameters.mjs";
import { scenarios as ofMailProxies } from "./scenarios/mail/proxies.mjs";
import { scenarios as ofMailRecipients } from "./scenarios/mail/recipients.mjs";
import { scenarios as ofMailSecurity } from "./scenarios/mail/security.mjs";
import { scenarios as ofMailVolumes } from "./scenarios/mail/volumes.mjs";
import { scenarios as ofUnixDatagrams } from "./scenarios/unix-datagrams.mjs";
import { aiosmtpd } from "./servers/aiosmtpd.mjs";
import { dovecot } from "./servers/dovecot.mjs";
import { exim } from "./servers/exim.mjs";
import { opensmtpd } from "./servers/opensmtpd.mjs";
import { postfix } from "./servers/postfix.mjs";
import { proftpd } from "./servers/proftpd.mjs";
import { pureFtpd } from "./servers/pure-ftpd.mjs";
import { pyftpdlib } from "./servers/pyftpdlib.mjs";
import { smtpSink } from "./servers/smtp-sink.mjs";
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
const spoken = (name) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

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

const mailKinds = [postfix, exim, opensmtpd, dovecot, aiosmtpd];

let foundHouse;
/** One for all mail servers: some need others. */
function mailHouse() {
  foundHouse ??= new MailHouse([...mailKinds, smtpSink], place(), new Mailboxes(place()));
  return foundHouse;
}

const ofMail = [
  ...ofMailGreetings,
  ...ofMailLogins,
  ...ofMailSecurity,
  ...ofMailContents,
  ...ofMailRecipients,
  ...ofMailParameters,
  ...ofMailProxies,
  ...ofMailVolumes,
];

/** All that makes sense with one kind of mail server in its configurations. */
function mailOf(kind) {
  return {
    cases: mailConfigurationsOf(kind.name).flatMap((configuration) =>
      ofMail
        .filter(({ when = () => true }) => when(configuration))
        .map(({ scenario, name = scenario.name }) => ({
          name: `${titleOfMail(configuration)}: ${spoken(name)}`,
          scenario,
          configuration,
        })),
    ),
    prepare() {
      const house = mailHouse();
      house.servers(kind.name);
      return (signal, { configuration }) => new MailRun({ house, kind, configuration, signal });
    },
  };
}

/** Mail servers that fail. */
const mailFailures = {
  cases: ofMailFailures.map(({ scenario, name = scenario.name }) => ({
    name: `smtp-sink: ${spoken(name)}`,
    scenario,
  })),
  prepare() {
    const house = mailHouse();
    house.servers(smtpSink.name);
    return (signal) => new SinkRun({ house, signal });
  },
};

/**
 * `prepare` gives a function that begins a run of a case, and throws Skipped where that cannot be had. The groups of
 * one stage run at the same time.
 */
export const stages = [
  [downloads],
  [datagrams],
  kinds.map(matrixOf),
  [...mailKinds.map(mailOf), mailFailures],
];
