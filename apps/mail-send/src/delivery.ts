// Sends what was asked for, and says what became of it.
import { count, type Run } from "@netcli/command-line";
import { type RecipientResult, SendError, type SendResult, type SmtpClient } from "@netcli/smtp";
import type { Settings } from "./arguments.ts";
import { type Attachment, closeAttachments, openAttachments } from "./attachments.ts";
import { describeFailure, ExitCode } from "./exit-code.ts";
import { asItIs, compose, type Letter } from "./letter.ts";
import { formatResults } from "./result-table.ts";
import { connectTo } from "./server.ts";
import { readStream, readText, streamBytes } from "./standard-input.ts";
import { Typed } from "./typed.ts";

// What is smaller is sent before anybody could look at a bar.
const LARGE_BYTES = 262_144;

/** Resolves to the exit code. */
export async function deliver(settings: Settings, run: Run): Promise<ExitCode> {
  const { signal } = run;
  let attachments: readonly Attachment[] = [];
  let client: SmtpClient | undefined;
  // No server has to agree to an end.
  signal.addEventListener("abort", () => client?.close(), { once: true });
  try {
    attachments = await openAttachments(settings.attachments);
    // A server should not wait for a message that is still being made, but who types one should know that it can be sent.
    const text = settings.isRaw || process.stdin.isTTY ? undefined : await readText(signal);
    client = await connectTo(settings, run);
    const letter = await letterOf(settings, text, attachments, signal);
    return report(await sendLetter(client, letter, settings, run), settings, run);
  } catch (error) {
    return complain(error, client !== undefined, settings, run);
  } finally {
    await client?.quit();
    closeAttachments(attachments);
  }
}

/** `text`: undefined if nothing was read yet. */
async function letterOf(
  { heading, isRaw }: Settings,
  text: string | undefined,
  attachments: readonly Attachment[],
  signal: AbortSignal,
): Promise<Letter> {
  if (text !== undefined) return compose(heading, text, attachments);
  if (!process.stdin.isTTY) return asItIs(heading, readStream(signal), streamBytes());
  const typed = new Typed(signal);
  try {
    if (isRaw) return asItIs(heading, await typed.message(), undefined);
    return compose(await typed.complete(heading), await typed.message(), attachments);
  } finally {
    typed.close();
  }
}

async function sendLetter(
  client: SmtpClient,
  { from, to, message, bytes }: Letter,
  { notify, requireTls }: Settings,
  { bars, signal }: Run,
): Promise<SendResult> {
  const bar = bytes === undefined || bytes >= LARGE_BYTES ? bars.add("message") : undefined;
  try {
    return await client.send({
      from,
      to: to?.map((address) => ({ address, notify })),
      message,
      size: bytes,
      requireTls,
      signal,
      onProgress: (sent) => bar?.update(sent, bytes),
    });
  } finally {
    bar?.end();
  }
}

function report({ recipients, accepted }: SendResult, { quiet }: Settings, { bars }: Run): ExitCode {
  const others = recipients.length - accepted.length;
  if (!quiet || others > 0) showResults(recipients);
  if (others === 0) return ExitCode.sent;
  bars.say(`mail-send: refused for ${others} of ${count(recipients.length, "recipient")}`);
  return ExitCode.partlyRefused;
}

function complain(
  error: unknown,
  isLoggedIn: boolean,
  { server }: Settings,
  { bars, signal }: Run,
): ExitCode {
  if (error instanceof SendError) showResults(error.recipients);
  const { code, text } = describeFailure(error, { host: server.host, isLoggedIn });
  if (!signal.aborted) {
    bars.say(`mail-send: ${text}`);
    return code;
  }
  const isUnknown = error instanceof SendError && error.mayHaveBeenSent;
  bars.say(`mail-send: interrupted; the message ${isUnknown ? "may have been" : "was not"} sent`);
  return ExitCode.interrupted;
}

function showResults(results: readonly RecipientResult[]): void {
  const { stdout } = process;
  const columns = stdout.isTTY ? stdout.columns || 80 : undefined;
  for (const line of formatResults(results, columns)) stdout.write(`${line}\n`);
}
