// More sessions than a server grants.
import { ok, strictEqual } from "node:assert/strict";
import { gate } from "../../../../packages/test-kit/dist/index.js";

const connections = 6;
const granted = 2;
const uploads = Array.from({ length: 40 }, (_, at) => ({ name: `f${at}`, content: `${at}\n`.repeat(at) }));

// vsftpd says its 421 in clear even where TLS is to come first.
const refusal = /^(?:421|530)[ -]|does not speak TLS/;

/** The server says no, and the client makes do with what it has. */
async function moreSessionsThanGranted(run) {
  const refused = gate();
  let refusals = 0;
  const trace = (event) => {
    run.trace(event);
    if (!refusal.test(event.text)) return;
    refusals += 1;
    refused.open();
  };
  const client = await run.clientOfSmall(granted, { connections, trace });
  // Nobody leaves before as many as are granted are there at once, and another was refused.
  const met = gate();
  let inside = 0;
  const meet = async (session) => {
    inside += 1;
    if (inside === granted) met.open();
    await Promise.all([met.opened, refused.opened]);
    await session.noop();
  };
  const { signal } = run;
  await Promise.all(Array.from({ length: connections }, () => client.use(meet, { signal })));
  await Promise.all(
    uploads.map(({ name, content }) => client.upload(Buffer.from(content), name, { signal })),
  );
  for (const { name, content } of uploads) strictEqual(run.content(name).toString(), content);
  // Learnt: none is asked for twice.
  ok(refusals <= connections - granted, `${refusals} sessions were refused`);
  await client.quit();
}

export const scenarios = [moreSessionsThanGranted];
