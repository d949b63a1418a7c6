// The jobs and their output that z/OS lists in its JES mode (JESINTERFACELEVEL 1 and 2):
// "ADA1      JOB00417  OUTPUT    5 Spool Files", "ADA      JOB00417 ADA      OUTPUT A   RC=0000 5 spool files",
// and of one job: "         001 JES2              A JESMSGLG      1200".
// A job is called by its number, as in RETR JOB00417, and its output by the one that goes behind: RETR JOB00417.1.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { fieldsOf, isTitle, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLES = ["JOBNAME JOBID OWNER STATUS CLASS", "ID STEPNAME PROCSTEP C DDNAME BYTE-COUNT", "--------"];

const STATUS = /^(?:INPUT|HELD|ACTIVE|OUTPUT)$/;
const JOB = /^(?:JOB|STC|TSU|J|S|T)\d{4,7}$/;

export function scanMvsJes(line: string, _clock: ListingClock, underHeading: boolean): Scanned {
  if (TITLES.some((title) => isTitle(line, title)) || isFooter(line)) return "heading";
  const fields = fieldsOf(line, 8).map(({ text }) => text.slice(0, 40));
  const [name, job, third, fourth] = fields;
  if (name === undefined || job === undefined || third === undefined) return undefined;
  if (JOB.test(job)) {
    // Without a heading, of level 1, there is no owner.
    if (STATUS.test(third)) return makeEntry("mvs", line, job, "file");
    const isJob = fourth !== undefined && STATUS.test(fourth);
    const owner = /^\++$/.test(third) ? undefined : third;
    return isJob ? makeEntry("mvs", line, job, "file", { owner }) : undefined;
  }
  const size = sizeOf(fields.at(-1));
  // Before name and size there is the class.
  const isOutput = underHeading && /^\d{3,7}$/.test(name) && /^[A-Z0-9]$/.test(fields.at(-3) ?? "");
  return isOutput && size !== undefined ? makeEntry("mvs", line, name, "file", { size }) : undefined;
}

function isFooter(line: string): boolean {
  return /^(?:No jobs found|\d{1,7} spool files?\s*$)/i.test(line.slice(0, 60));
}
