// The bare promise queue that both Node peers of the job `commands` use; they differ in how they write.
import { once } from "node:events";
import { connect } from "node:net";

/** Connects and returns the socket and `expectReply()`, a promise for the next reply line in order. */
export async function openReplyQueue(host, port) {
  const pending = [];
  let first = 0;
  let rest = "";

  function takeReplies(length, chunk) {
    const text = rest + chunk.latin1Slice(0, length);
    let start = 0;
    for (let feed = text.indexOf("\n"); feed !== -1; feed = text.indexOf("\n", start)) {
      pending[first++](text.slice(start, feed - 1));
      start = feed + 1;
    }
    rest = text.slice(start);
    // Cut seldom: removing the head of an array for every reply would move the others each time.
    if (first > 1000) {
      pending.splice(0, first);
      first = 0;
    }
    return true;
  }

  const onread = { buffer: Buffer.allocUnsafe(65_536), callback: takeReplies };
  const socket = connect({ host, port: Number(port), noDelay: true, onread });
  await once(socket, "connect");
  const expectReply = () => new Promise((resolve) => pending.push(resolve));
  return { socket, expectReply };
}
