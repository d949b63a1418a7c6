// Job `smtp-flights`: how often a client waits for the server until a message is taken, counted by the server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../../packages/test-kit/dist/index.js";
import { atMostRoundTrips } from "../lib/bars.mjs";
import { measureChild, script } from "../lib/children.mjs";

/** Of the network that the wall time is worked out for. */
const roundTrip = 0.1;

const clients = [
  { key: "ours", name: "ours", path: "ours/smtp-flights.mjs" },
  { key: "nodemailer", name: "nodemailer, pool", path: "peers/smtp-flights-nodemailer.mjs" },
  { key: "smtplib", name: "Python smtplib", path: "peers/smtp_flights_smtplib.py" },
];

/** Which of the flights of a session with two messages count, of those until each was taken. */
const parts = [
  { suffix: "", name: "fresh session", count: ([first]) => first },
  { suffix: "-next", name: "next message", count: ([first, second]) => second - first },
];

function writeAuthority(folder) {
  const authority = createAuthority();
  const { key, cert } = authority.issue();
  const [identity, ca] = ["identity.pem", "ca.pem"].map((name) => join(folder, name));
  writeFileSync(identity, key + cert, { mode: 0o600 });
  writeFileSync(ca, authority.certificate);
  return { identity, ca };
}

async function prepare({ folder, serve }) {
  const { identity, ca } = writeAuthority(folder);
  const server = await serve("servers/smtp-flights.mjs", identity);
  const measureFlights = async (path, count) => {
    const result = await measureChild(script(path, server.host, server.port, ca));
    return { ...result, seconds: count(await server.report("flights")) * roundTrip };
  };
  return {
    size: `a session with two messages over TLS 1.3, with login; waits for the server, at ${roundTrip * 1000} ms each`,
    variants: parts.flatMap((part) =>
      clients.map(({ key, name, path }) => ({
        key: `${key}${part.suffix}`,
        name: `${name}, ${part.name}`,
        ours: key === "ours",
        measure: () => measureFlights(path, part.count),
        expect: 2,
        rate: { amount: 1, unit: "messages" },
        roundTrip,
      })),
    ),
    bars: [atMostRoundTrips(7, "ours"), atMostRoundTrips(2, "ours-next")],
  };
}

export const smtpFlights = { name: "smtp-flights", prepare };
