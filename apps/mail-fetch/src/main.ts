#!/usr/bin/env node
// mail-fetch: fetches mail over POP3, shows it or saves it, and deletes on the server only what is saved.
import { runProgram } from "@netcli/command-line";
import { readArguments } from "./arguments.ts";
import { Fetching } from "./fetching.ts";

process.exitCode = await runProgram({
  name: "mail-fetch",
  read: readArguments,
  work: (settings, run) => new Fetching(settings, run).finish(),
});
