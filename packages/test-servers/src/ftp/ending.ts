// The ends that a connection can have, behind what was written.
import { setImmediate as turn } from "node:timers/promises";
import type { Connection } from "@netcli/core-transport";
import type { FtpEnding } from "./faults.ts";

/** Ends a connection, but does not close it where it ends as it should. Never rejects. */
export async function endAs(how: FtpEnding, connection: Connection): Promise<void> {
  try {
    if (how === "end") connection.end();
    await connection.flush();
    if (how === "reset") {
      // libuv takes what comes together with a reset for the end of the stream: a client in this process gets its
      // turn to read in between.
      await turn();
      await turn();
      connection.reset();
    }
  } catch {
    // The client was faster.
  }
  if (how === "truncate") connection.destroy();
}
