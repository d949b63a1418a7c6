// What the command line asks for.
import { parseArgs } from "node:util";
import { parseSeconds, parseTlsMode, versionLine } from "@netcli/command-line";
import type { TlsMode } from "@netcli/core-transport";
import type { RcptOptions } from "@netcli/smtp";
import { addressesIn, assertPrintable, senderIn } from "./addresses.ts";
import { type Field, parseField } from "./field.ts";
import { HELP } from "./help.ts";
import { parseServer, type Server } from "./server.ts";

const CONDITIONS = ["success", "failure", "delay"] as const;

// What makes a message of what is read; --raw reads one that is made.
const COMPOSING = ["cc", "bcc", "subject", "attach", "header"] as const;

/** What goes into the header, as it was given. */
export interface Heading {
  readonly from: string | undefined;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: string | undefined;
  readonly fields: readonly Field[];
}

export interface Settings {
  readonly server: Server;
  readonly heading: Heading;
  readonly attachments: readonly string[];
  readonly isRaw: boolean;
  readonly notify: RcptOptions["notify"];
  readonly requireTls: boolean;
  readonly tls: TlsMode | undefined;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly chunking: boolean;
  readonly name: string | undefined;
  /** Undefined: as long as the protocol wants. */
  readonly milliseconds: number | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/**
 * A text is the help or the version, which was asked for. Throws an Error that says what is wrong with the arguments.
 */
export function readArguments(): Settings | string {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      from: { type: "string", short: "f" },
      to: { type: "string", short: "t", multiple: true, default: [] },
      cc: { type: "string", multiple: true, default: [] },
      bcc: { type: "string", multiple: true, default: [] },
      subject: { type: "string", short: "s" },
      attach: { type: "string", short: "a", multiple: true, default: [] },
      header: { type: "string", multiple: true, default: [] },
      raw: { type: "boolean", default: false },
      notify: { type: "string" },
      "require-tls": { type: "boolean", default: false },
      tls: { type: "string" },
      ca: { type: "string" },
      insecure: { type: "boolean", default: false },
      chunking: { type: "boolean", default: false },
      name: { type: "string" },
      timeout: { type: "string" },
      quiet: { type: "boolean", short: "q", default: false },
      verbose: { type: "boolean", short: "v", default: false },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", default: false },
    },
  });
  if (values.help) return HELP;
  if (values.version) return versionLine(new URL("../package.json", import.meta.url));
  const { raw: isRaw, from, to, cc, bcc, subject, timeout } = values;
  const { MAIL_SEND_URL: usual = "smtp://localhost" } = process.env;
  const composing = COMPOSING.find((option) => (values[option] ?? []).length > 0);
  if (isRaw && composing !== undefined) throw new Error(`--${composing} goes without --raw`);
  if (isRaw && values.notify !== undefined && to.length === 0)
    throw new Error("--notify with --raw needs --to");
  if (from !== undefined && !(isRaw && from === "<>")) senderIn("--from", from);
  for (const [option, texts] of Object.entries({ to, cc, bcc })) {
    for (const text of texts) addressesIn(`--${option}`, text);
  }
  if (subject !== undefined) assertPrintable("--subject", subject);
  if (!isRaw && !process.stdin.isTTY) {
    if (from === undefined) throw new Error("name the sender with --from");
    if (to.length + cc.length + bcc.length === 0) throw new Error("name a recipient with --to");
  }
  return {
    server: parseServer(values.url ?? usual),
    heading: { from, to, cc, bcc, subject, fields: values.header.map(parseField) },
    attachments: values.attach,
    isRaw,
    notify: parseNotify(values.notify),
    requireTls: values["require-tls"],
    tls: parseTlsMode(values.tls),
    ca: values.ca,
    insecure: values.insecure,
    chunking: values.chunking,
    name: values.name,
    milliseconds: timeout === undefined ? undefined : parseSeconds("--timeout", timeout),
    quiet: values.quiet,
    verbose: values.verbose,
  };
}

function parseNotify(text: string | undefined): RcptOptions["notify"] {
  if (text === undefined || text === "never") return text;
  return text.split(",").map((word) => {
    const condition = CONDITIONS.find((known) => known === word);
    if (condition === undefined) throw new Error(`--notify is never, or some of ${CONDITIONS.join(",")}`);
    return condition;
  });
}
