// TLS: who the server is, and what happens where it is not there.
import { rejects } from "node:assert/strict";
import { SmtpSession } from "../../../../packages/smtp/dist/index.js";

/** The certificate is not from whom we trust, or not for that name. */
async function certificatesRefused(run) {
  const refused = [
    [{ tlsOptions: { ca: undefined } }],
    [{ tlsOptions: { servername: "other.netcli.test" } }],
    [{}, { selfSigned: true }],
  ];
  for (const [options, wanted] of refused) {
    await rejects(
      async () => SmtpSession.connect(await run.options({ ...run.credentials, ...options }, wanted)),
      { name: "TlsError", code: "ERR_NETCLI_CERTIFICATE" },
    );
  }
  // Nothing secret, and no mail, went to whoever that was.
  run.checkSent(/^(?:AUTH|MAIL)/, 0);
}

async function certificateTrusted(run) {
  const session = await run.session({ tlsOptions: { servername: "localhost" } });
  run.checkSaid(new RegExp(` event TLS: ${run.configuration.tlsVersion}$`));
  await session.quit();
}

/** Where TLS was asked for, nothing goes out without. */
async function noStartTls(run) {
  const credentials = { user: "somebody", password: "secret" };
  for (const who of [{}, credentials]) {
    await rejects(async () => SmtpSession.connect(await run.options({ tls: "starttls", ...who })), {
      name: "TlsError",
    });
  }
  run.checkSent(/^(?:AUTH|MAIL|STARTTLS)/, 0);
  // Where it was only wished for, the mail goes without.
  const session = await run.session({ tls: "opportunistic" });
  await session.quit();
}

/** The server waits for a handshake, or for a greeting, that never comes. */
async function wrongKindOfTls(run) {
  const { tls } = run.configuration.wanted;
  const other = tls === "implicit" ? "starttls" : "implicit";
  await rejects(
    async () => SmtpSession.connect(await run.options({ tls: other, timeouts: { greeting: 500 } })),
    {
      name: tls === "implicit" ? /TimeoutError|ConnectionClosedError/ : "TlsError",
    },
  );
}

const hasTls = ({ wanted }) => wanted.tls !== "none";
const isOpen = ({ wanted, login }) => wanted.tls === "none" && login.length === 0;

export const scenarios = [
  { scenario: certificatesRefused, when: hasTls },
  { scenario: certificateTrusted, when: hasTls },
  { scenario: noStartTls, when: isOpen },
  { scenario: wrongKindOfTls, when: hasTls },
];
