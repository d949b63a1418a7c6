// The exports of @netcli/command-line, nothing else.
export { dialogueLine } from "./dialogue-line.ts";
export { isUnreachable, sentenceOf } from "./failure.ts";
export { parseSeconds, parseTlsMode } from "./option.ts";
export { askPassword, PasswordError, type PasswordQuestion } from "./password.ts";
export { type Program, type Run, runProgram } from "./program.ts";
export { type Canvas, ProgressBar, ProgressBars } from "./progress-bars.ts";
export { count, formatBytes, formatElapsed } from "./quantity.ts";
export { patience, tlsOptionsOf } from "./server-options.ts";
export { columnsOf, shorten } from "./text-columns.ts";
export { formatTable, type TableOptions } from "./text-table.ts";
export { versionLine } from "./version.ts";
