// Options of programs that talk to a server, as its client takes them.
import { readFile } from "node:fs/promises";
import type { Timeouts, TlsOptions } from "@netcli/core-transport";

/** What --ca and --insecure mean. Rejects with what `unreadable` makes of the reason if there is no such file. */
export async function tlsOptionsOf(
  { ca, insecure }: { readonly ca: string | undefined; readonly insecure: boolean },
  unreadable: (message: string) => Error,
): Promise<TlsOptions | undefined> {
  if (insecure) return { insecure };
  if (ca === undefined) return undefined;
  try {
    return { ca: await readFile(ca) };
  } catch (error) {
    throw unreadable(`cannot read --ca: ${(error as Error).message}`);
  }
}

/** What --timeout means: so many milliseconds for each wait. */
export function patience(milliseconds: number): Partial<Timeouts> {
  return { connect: milliseconds, greeting: milliseconds, reply: milliseconds, stall: milliseconds };
}
