// What is run with mail servers.
import { scenarios as ofContents } from "../scenarios/mail/contents.mjs";
import { scenarios as ofFailures } from "../scenarios/mail/failures.mjs";
import { scenarios as ofGreetings } from "../scenarios/mail/greetings.mjs";
import { scenarios as ofInterruptions } from "../scenarios/mail/interruptions.mjs";
import { scenarios as ofLimits } from "../scenarios/mail/limits.mjs";
import { scenarios as ofLogins } from "../scenarios/mail/logins.mjs";
import { scenarios as ofLogs } from "../scenarios/mail/logs.mjs";
import { scenarios as ofParameters } from "../scenarios/mail/parameters.mjs";
import { scenarios as ofProxies } from "../scenarios/mail/proxies.mjs";
import { scenarios as ofRecipients } from "../scenarios/mail/recipients.mjs";
import { scenarios as ofSecurity } from "../scenarios/mail/security.mjs";
import { scenarios as ofVolumes } from "../scenarios/mail/volumes.mjs";
import { aiosmtpd } from "../servers/aiosmtpd.mjs";
import { dovecot } from "../servers/dovecot.mjs";
import { exim } from "../servers/exim.mjs";
import { opensmtpd } from "../servers/opensmtpd.mjs";
import { postfix } from "../servers/postfix.mjs";
import { smtpSink } from "../servers/smtp-sink.mjs";
import { Mailboxes } from "./mail-boxes.mjs";
import { configurationsOf, titleOf } from "./mail-configurations.mjs";
import { MailRun } from "./mail-run.mjs";
import { MailHouse } from "./mail-servers.mjs";
import { SinkRun } from "./mail-sink-run.mjs";
import { spoken } from "./spoken.mjs";

const kinds = [postfix, exim, opensmtpd, dovecot, aiosmtpd];

const ofAll = [
  ...ofGreetings,
  ...ofLogins,
  ...ofSecurity,
  ...ofContents,
  ...ofRecipients,
  ...ofParameters,
  ...ofInterruptions,
  ...ofLimits,
  ...ofVolumes,
  ...ofLogs,
];

/** What makes sense with a server in this configuration. */
function scenariosFor(configuration) {
  const scenarios = configuration.offers.has("XCLIENT") ? ofProxies : ofAll;
  return scenarios.filter(({ when = () => true }) => when(configuration));
}

/** One kind of server in all its configurations. */
function groupOf(kind, house) {
  return {
    cases: configurationsOf(kind.name).flatMap((configuration) =>
      scenariosFor(configuration).map(({ scenario, name = scenario.name }) => ({
        name: `${titleOf(configuration)}: ${spoken(name)}`,
        scenario,
        configuration,
      })),
    ),
    prepare() {
      house().servers(kind.name);
      return (signal, { configuration }) => new MailRun({ house: house(), kind, configuration, signal });
    },
  };
}

/** Servers that fail. */
function groupOfFailures(house) {
  return {
    cases: ofFailures.map(({ scenario, name = scenario.name }) => ({
      name: `${smtpSink.name}: ${spoken(name)}`,
      scenario,
    })),
    prepare() {
      house().servers(smtpSink.name);
      return (signal) => new SinkRun({ house: house(), signal });
    },
  };
}

/** The groups; `place` gives the one folder that all servers share. */
export function mailGroups(place) {
  let built;
  // One for all: some servers need others.
  const house = () => {
    built ??= new MailHouse([...kinds, smtpSink], place(), new Mailboxes(place()));
    return built;
  };
  return [...kinds.map((kind) => groupOf(kind, house)), groupOfFailures(house)];
}
