// The list of jobs, in the order in which they run.
import { block, blockDots } from "./block.mjs";
import { commands } from "./commands.mjs";
import { fileDown } from "./file-down.mjs";
import { fileUp } from "./file-up.mjs";
import { lines } from "./lines.mjs";
import { stuffing, stuffingRepair } from "./stuffing.mjs";

const all = [lines, commands, block, blockDots, fileDown, fileUp, stuffing, stuffingRepair];

export const jobs = new Map(all.map((job) => [job.name, job]));
