// The driver that all Node variants of the jobs `commands` and `smtp-*` share: a window of commands in flight.
/** `send` returns a promise for one reply; every loop sends its next command when it has its reply. */
export async function keepInFlight(width, count, send) {
  let unsent = count;
  let replies = 0;
  async function loop() {
    while (unsent > 0) {
      unsent--;
      await send();
      replies++;
    }
  }
  await Promise.all(Array.from({ length: width }, loop));
  return replies;
}
