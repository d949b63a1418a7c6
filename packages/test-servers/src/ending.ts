// The ends that a connection can have, behind what was written.
import { setImmediate as turn } from "node:timers/promises";
import type { Connection } from "@netcli/core-transport";

/**
 * How a connection ends. `end`: as it should. `reset`: the peer gets ECONNRESET. `truncate`: as `end`, but with TLS
 * without close_notify.
 */
export type Ending = "end" | "reset" | "truncate";

/** Ends a connection, but does not close it where it ends as it should. Never rejects. */
export async function endAs(how: Ending, connection: Connection): Promise<void> {
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
