#!/usr/bin/env node
// mail-send: sends a mail over SMTP or LMTP, and says what became of it for each recipient.
import { runProgram } from "@netcli/command-line";
import { readArguments } from "./arguments.ts";
import { deliver } from "./delivery.ts";

process.exitCode = await runProgram({ name: "mail-send", read: readArguments, work: deliver });
