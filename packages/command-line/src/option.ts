// Values of options that several programs have. An Error says what is wrong with one.
import type { TlsMode } from "@netcli/core-transport";

const TLS_MODES = ["implicit", "starttls", "opportunistic", "none"] as const;

/** The value of --tls. */
export function parseTlsMode(text: string | undefined): TlsMode | undefined {
  const mode = TLS_MODES.find((known) => known === text);
  if (text !== undefined && mode === undefined) throw new Error(`--tls is one of ${TLS_MODES.join(", ")}`);
  return mode;
}

/** The value of an option that is a time; in milliseconds. */
export function parseSeconds(option: string, text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds === 0) throw new Error(`${option} is a number of seconds above 0`);
  return seconds * 1_000;
}
