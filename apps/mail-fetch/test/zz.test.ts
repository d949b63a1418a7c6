import { test } from "vitest";
import { tempDir } from "@netcli/test-kit";
import { readFileSync } from "node:fs";
import { scriptedServer } from "@netcli/test-kit";
import { serverWith, urlOf } from "./maildrop.ts";
import { run, start } from "./program.ts";
test("lie", async () => {
  await using folder = await tempDir();
  const chunk = "x".repeat(998).concat("\r\n").repeat(1000);
  await using server = await scriptedServer(async (peer) => {
    await peer.send("+OK hi\r\n");
    for (;;) {
      const line = await peer.readLine();
      if (line === "CAPA") await peer.send("+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n");
      else if (line === "LIST") await peer.send("+OK\r\n1 10\r\n.\r\n");
      else if (line === "UIDL") await peer.send("+OK\r\n1 a\r\n.\r\n");
      else if (/^(RETR|TOP)/.test(line)) { await peer.send("+OK\r\n"); for (let i = 0; i < 700; i += 1) await peer.send(chunk); await peer.send("\r\n.\r\n"); }
      else await peer.send("+OK\r\n");
    }
  });
  for (const args of [["--save", folder.file("M")], ["--list"]]) {
    const p = start([...args, `pop3://tester@127.0.0.1:${server.port}`]);
    let max = 0;
    const t = setInterval(() => { try { const m = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${p.child.pid}/status`, "utf8")); max = Math.max(max, Number(m?.[1] ?? 0)); } catch {} }, 20);
    const r = await p.outcome; clearInterval(t);
    console.log(args, r.code, r.stdout.slice(0, 200), r.stderr.slice(0, 300), "maxRSS MB", max / 1024);
  }
}, 60000);
test("many", async () => {
  await using folder = await tempDir();
  await using server = await serverWith(Array.from({ length: 3000 }, (_, i) => `Subject: ${i}\r\n\r\n${"hello\r\n".repeat(300)}`));
  for (const args of [["--save", folder.file("M")], ["--mbox", folder.file("m")], ["--new", "--state", folder.file("s"), "--delete", "--save", folder.file("N")], ]) {
    const t = performance.now(); const r = await run([...args, urlOf(server)]); console.log(args[0], r, Math.round(performance.now() - t), "ms");
  }
}, 60000);
