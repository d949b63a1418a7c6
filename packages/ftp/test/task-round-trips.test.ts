// How many round trips single files take. A scripted server answers nothing of a burst before it has all of it: who
// waits where there is nothing to wait for waits for ever.
import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { partName, versionOf } from "../src/part-file.ts";
import { downloading, pattern, refuseUnhandled } from "./fixtures.ts";
import { epsvReply, type Ftp } from "./scripted-ftp.ts";

refuseUnhandled();

const content = pattern(1_000);

/** Takes all commands, and answers them then. */
async function burst(
  ftp: Ftp,
  ...pairs: readonly (readonly [command: string | RegExp, ...replies: string[]])[]
): Promise<void> {
  for (const [command] of pairs) await ftp.expect(command);
  await ftp.say(...pairs.flatMap(([, ...replies]) => replies));
}

const time = "213 20200229123456";

describe("a download takes 3 round trips: a burst, the data connection, RETR", () => {
  test.each(["a file", "a function"])("to %s, the first one and those behind it", async (kind) => {
    await using fixture = await downloading(async (ftp) => {
      for (const isFirst of [true, false]) {
        const port = await ftp.listen();
        const facts = [
          ["SIZE a", "213 1000"],
          ["MDTM a", time],
          ["EPSV", epsvReply(port.port)],
        ] as const;
        if (isFirst) await burst(ftp, ["TYPE I", "200 binary"], ...facts);
        else await burst(ftp, ...facts);
        await ftp.answer("RETR a", "150 here it comes");
        const data = await port.connected();
        await data.send(content);
        data.end();
        await ftp.say("226 done");
      }
    });
    const { client, target } = fixture;
    for (let count = 0; count < 2; count += 1) {
      const taking = kind === "a file" ? client.download("a", target) : client.download("a", () => undefined);
      expect(await taking).toMatchObject({ bytes: content.length });
    }
    expect(fixture.server.received.match(/RETR/g)).toHaveLength(2);
  });

  test("and one more where there may be a part: what it is of has to be known", async () => {
    await using fixture = await downloading(async (ftp) => {
      await burst(ftp, ["TYPE I", "200 binary"], ["SIZE a", "213 1000"], ["MDTM a", time]);
      await ftp.give("a", content);
      // All of it is there: a single one.
      await burst(ftp, ["SIZE a", "213 1000"], ["MDTM a", time]);
    });
    const { client, target, directory } = fixture;
    await client.download("a", target, { resume: true });
    // As though it had been broken off behind the last byte.
    const version = versionOf("a", 1_000, new Date("2020-02-29T12:34:56Z"));
    await writeFile(directory.file(partName("target", version)), content);
    expect(await client.download("a", target, { resume: true })).toMatchObject({ resumedFrom: 1_000 });
    expect(await fixture.files()).toEqual(["target"]);
  });
});

describe("an upload takes 5 round trips", () => {
  test("EPSV, the data connection, STOR, SIZE, and the time and the name together", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.expect("TYPE I");
      await ftp.expect("EPSV");
      const port = await ftp.listen();
      await ftp.say("200 binary", epsvReply(port.port));
      await ftp.answer(/^STOR/, "150 go on");
      const data = await port.connected();
      await data.read(content.length);
      await data.expectEnd();
      await ftp.say("226 done");
      await ftp.answer(/^SIZE/, "213 1000");
      await burst(ftp, [/^RNFR/, "350 to"], ["RNTO a", "250 renamed"]);
    });
    expect(await fixture.client.upload(content, "a")).toMatchObject({ bytes: content.length });
  });
});
