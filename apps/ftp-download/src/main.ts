#!/usr/bin/env node
// ftp-download: fetches files and directories over FTP, shows how far they are, and says clearly what went wrong.
import { runProgram } from "@netcli/command-line";
import { readArguments } from "./arguments.ts";
import { Downloads } from "./downloads.ts";
import { Run } from "./run.ts";

process.exitCode = await runProgram({
  name: "ftp-download",
  read: readArguments,
  work: (settings, { bars, signal }) => new Downloads(new Run(settings, bars, signal)).finish(),
});
