// A client against a dialogue that is written down as in the RFCs.
import { dialogue, scriptedServer } from "@netcli/test-kit";
import { type SmtpOptions, SmtpSession } from "../src/index.ts";

/** Has the session say its part of the dialogue; fails if it says anything else. */
export async function replay(
  text: string,
  options: Partial<SmtpOptions>,
  work: (session: SmtpSession) => Promise<void>,
): Promise<void> {
  await using server = await scriptedServer(dialogue(text));
  const { host, port } = server;
  const session = await SmtpSession.connect({ host, port, ...options });
  try {
    await work(session);
  } finally {
    session.close();
    await server.settled();
    await server.close();
  }
}
