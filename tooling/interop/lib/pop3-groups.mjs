// What is run with POP3 servers.
import { scenarios as ofContents } from "../scenarios/pop3/contents.mjs";
import { scenarios as ofDeletions } from "../scenarios/pop3/deletions.mjs";
import { scenarios as ofDeliveries } from "../scenarios/pop3/deliveries.mjs";
import { scenarios as ofInterruptions } from "../scenarios/pop3/interruptions.mjs";
import { scenarios as ofLogins } from "../scenarios/pop3/logins.mjs";
import { scenarios as ofLogs } from "../scenarios/pop3/logs.mjs";
import { scenarios as ofSecurity } from "../scenarios/pop3/security.mjs";
import { scenarios as ofVerbs } from "../scenarios/pop3/verbs.mjs";
import { scenarios as ofVolumes } from "../scenarios/pop3/volumes.mjs";
import { dovecot } from "../servers/dovecot.mjs";
import { popa3d } from "../servers/popa3d.mjs";
import { postfix } from "../servers/postfix.mjs";
import { MailHouse } from "./mail-servers.mjs";
import { configurationsOf, titleOf } from "./pop3-configurations.mjs";
import { Maildrops } from "./pop3-maildrops.mjs";
import { Pop3Run } from "./pop3-run.mjs";
import { spoken } from "./spoken.mjs";

const ofAll = [
  ...ofLogins,
  ...ofSecurity,
  ...ofVerbs,
  ...ofContents,
  ...ofDeletions,
  ...ofInterruptions,
  ...ofVolumes,
  ...ofDeliveries,
  ...ofLogs,
];

/** One kind of server in all its configurations. */
function groupOf(kind, house) {
  return {
    cases: configurationsOf(kind.name).flatMap((configuration) =>
      ofAll
        .filter(({ when = () => true }) => when(configuration))
        .map(({ scenario, name = scenario.name }) => ({
          name: `${titleOf(configuration)}: ${spoken(name)}`,
          scenario,
          configuration,
        })),
    ),
    prepare() {
      house().servers(kind.name);
      return (signal, { configuration }) => new Pop3Run({ house: house(), kind, configuration, signal });
    },
  };
}

/** The groups; `place` gives the one folder that all servers share. */
export function pop3Groups(place) {
  let built;
  const house = () => {
    // Postfix delivers what is fetched then.
    built ??= new MailHouse([dovecot, popa3d, postfix], place(), new Maildrops(place()));
    return built;
  };
  return [dovecot, popa3d].map((kind) => groupOf(kind, house));
}
