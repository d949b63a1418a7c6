// How often a client waits. The server counts: each time that it has answered all and then gets more is one flight, and
// the client has waited once before it. The connection, the greeting and TLS come on top.
import { describe, expect, test } from "vitest";
import type { SmtpClientOptions } from "../src/index.ts";
import { clientOn, from, identity, message, refuseUnhandled } from "./own-smtp.ts";

refuseUnhandled();

const recipients = ["a@f.example", "b@f.example", "c@f.example"];

/** Flights of each of some mails, sent one after the other. */
async function flightsOf(
  extensions: readonly string[],
  options: Partial<SmtpClientOptions>,
  mail: { readonly onPartial?: "throw" } = {},
): Promise<number[]> {
  await using fixture = await clientOn({ extensions }, options);
  const { client, server } = fixture;
  const flights: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    const before = server.flights;
    await client.send({ from, to: recipients, message, ...mail });
    flights.push(server.flights - before);
  }
  return flights;
}

describe("a message takes", () => {
  test.each<[string, string[], Partial<SmtpClientOptions>, { onPartial?: "throw" }, number]>([
    ["2: the envelope, and the content", ["PIPELINING"], {}, {}, 2],
    ["3 where all recipients have to be there", ["PIPELINING"], {}, { onPartial: "throw" }, 3],
    ["n + 3 without PIPELINING", [], {}, {}, 6],
    ["n + 3 with pipelining off", ["PIPELINING"], { pipelining: "off" }, {}, 6],
    ["2 with BDAT", ["PIPELINING", "CHUNKING"], { chunking: true }, {}, 2],
    [
      "2 with BDAT, also where all have to be there",
      ["PIPELINING", "CHUNKING"],
      { chunking: true },
      { onPartial: "throw" },
      2,
    ],
    ["n + 2 with BDAT without PIPELINING", ["CHUNKING"], { chunking: true }, {}, 5],
    ["2 in full overlap, when there is no other one", ["PIPELINING"], { pipelining: "full" }, {}, 2],
  ])("%s", async (_what, extensions, options, mail, flights) => {
    expect(await flightsOf(extensions, options, mail)).toEqual([flights, flights, flights]);
  });

  test.each([
    ["1 in full overlap, when there are others", { chunking: false }, 22],
    ["2 with BDAT, whose content waits for the envelope's answers", { chunking: true }, 41],
  ] as const)("%s", async (_what, options, most) => {
    const extensions = ["PIPELINING", "CHUNKING"];
    await using fixture = await clientOn({ extensions }, { pipelining: "full", ...options });
    const { client, server } = fixture;
    const before = server.flights;
    const mails = Array.from({ length: 20 }, () => client.send({ from, to: recipients, message }));
    for (const { accepted } of await Promise.all(mails)) expect(accepted).toEqual(recipients);
    expect(server.received).toHaveLength(20);
    expect(server.flights - before).toBeLessThanOrEqual(most);
  });
});

describe("a session that is ready for mail takes", () => {
  test.each([
    ["EHLO and AUTH over implicit TLS", "implicit", ["EHLO", "AUTH"]],
    ["EHLO, STARTTLS, EHLO and AUTH", "starttls", ["EHLO", "STARTTLS", "EHLO", "AUTH"]],
  ] as const)("%s, and no more", async (_what, tlsMode, verbs) => {
    await using fixture = await clientOn(
      {
        tls: { ...identity, minVersion: "TLSv1.3" },
        tlsMode,
        users: { ann: "secret", a: "", b: "", c: "" },
        extensions: ["PIPELINING", "AUTH PLAIN", "STARTTLS"],
      },
      { user: "ann", password: "secret", tls: tlsMode },
    );
    const { client, server } = fixture;
    expect(server.commands.map((line) => line.split(" ")[0])).toEqual(verbs);
    expect(server.flights).toBe(verbs.length);
    // With the connection, the greeting and one of TLS: 5 and 7 waits.
    await client.send({ from, to: recipients, message });
    expect(server.flights).toBe(verbs.length + 2);
    await client.send({ from, to: recipients, message });
    expect(server.flights).toBe(verbs.length + 4);
  });
});
