// TLS: who the server is, and what happens where it is not there.
import { rejects } from "node:assert/strict";
import { Pop3Session } from "../../../../packages/pop3/dist/index.js";

const secret = /^(?:AUTH|USER|PASS|APOP)/;

/** The certificate is not from whom we trust, or not for that name. */
async function certificatesRefused(run) {
  const refused = [
    [{ tlsOptions: { ca: undefined } }],
    [{ tlsOptions: { servername: "other.netcli.test" } }],
    [{}, { selfSigned: true }],
  ];
  for (const [options, wanted] of refused) {
    await rejects(
      async () => Pop3Session.connect(await run.options({ ...run.credentials, ...options }, wanted)),
      { name: "TlsError", code: "ERR_NETCLI_CERTIFICATE" },
    );
  }
  // Nothing secret went to whoever that was.
  run.checkSent(secret, 0);
}

async function certificateTrusted(run) {
  const session = await run.session({ tlsOptions: { servername: "localhost" } });
  run.checkSaid(new RegExp(` event TLS: ${run.configuration.tlsVersion}$`));
  await session.quit();
}

/** With nothing said about it, it is taken where it is offered; on this machine nobody asks who that is. */
async function takenByItself(run) {
  const session = await run.session({ tls: undefined, tlsOptions: undefined });
  run.checkSent(/^STLS$/, 1);
  run.checkSaid(/ event TLS: /);
  // What was said before it counts no longer.
  run.checkSent(/^CAPA$/, 2);
  await session.quit();
}

/** Where TLS was asked for, no password goes out without. */
async function noStls(run) {
  await rejects(run.session({ tls: "starttls" }), { name: "TlsError" });
  run.checkSent(secret, 0);
  // Where it was only wished for, and nobody is in between, it does.
  for (const tls of ["opportunistic", undefined]) {
    const session = await run.session({ tls });
    await session.quit();
  }
}

/** The server waits for a handshake, or for a greeting, that never comes. */
async function wrongKindOfTls(run) {
  const isImplicit = run.configuration.wanted.tls === "implicit";
  const tls = isImplicit ? "starttls" : "implicit";
  await rejects(run.session({ tls, timeouts: { greeting: 500 } }), {
    name: isImplicit ? /TimeoutError|ConnectionClosedError/ : "TlsError",
  });
  run.checkSent(secret, 0);
}

const hasTls = ({ wanted }) => wanted.tls !== "none";

export const scenarios = [
  { scenario: certificatesRefused, when: hasTls },
  { scenario: certificateTrusted, when: hasTls },
  { scenario: takenByItself, when: ({ wanted }) => wanted.tls === "starttls" },
  { scenario: noStls, when: ({ wanted }) => wanted.tls === "none" },
  { scenario: wrongKindOfTls, when: hasTls },
];
