// How entries are listed: as `ls -l` does, as IIS does, and as facts (RFC 3659 7). All times are UTC.

export interface ListEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "link" | "other";
  readonly size: number;
  readonly modified: Date;
  /** The permission bits of Unix. */
  readonly mode: number;
  readonly links: number;
  /** The same for the same file. */
  readonly unique: string;
  /** Where a link leads. */
  readonly target?: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TYPES = { file: "-", directory: "d", link: "l", other: "p" };

// As ls: older ones show their year instead of the time.
const HALF_A_YEAR = 182 * 24 * 3_600_000;

const two = (number: number): string => String(number).padStart(2, "0");

export function unixLine(entry: ListEntry, now: number = Date.now()): string {
  const { name, type, size, modified, mode, links, target } = entry;
  const bits = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (mode & (1 << bit) ? "xwr"[bit % 3] : "-")).join("");
  const age = now - modified.getTime();
  const clock =
    age > HALF_A_YEAR || age < -HALF_A_YEAR
      ? String(modified.getUTCFullYear()).padStart(5)
      : `${two(modified.getUTCHours())}:${two(modified.getUTCMinutes())}`;
  const date = `${MONTHS[modified.getUTCMonth()]} ${String(modified.getUTCDate()).padStart(2)} ${clock}`;
  const where = target === undefined ? "" : ` -> ${target}`;
  const count = String(links).padStart(4);
  return `${TYPES[type]}${bits} ${count} ftp      ftp      ${String(size).padStart(12)} ${date} ${name}${where}`;
}

export function dosLine({ name, type, size, modified }: ListEntry): string {
  const date = [modified.getUTCMonth() + 1, modified.getUTCDate(), modified.getUTCFullYear() % 100].map(two);
  const hours = modified.getUTCHours();
  const clock = `${two(hours % 12 || 12)}:${two(modified.getUTCMinutes())}${hours < 12 ? "AM" : "PM"}`;
  const what = type === "directory" ? "       <DIR>          " : `${String(size).padStart(21)} `;
  return `${date.join("-")}  ${clock}${what}${name}`;
}

/** The facts that the server knows, in the order in which it tells them. */
export const factNames = ["type", "size", "modify", "perm", "unique", "UNIX.mode"] as const;

export type FactName = (typeof factNames)[number];

/** A time as replies and facts have it (RFC 3659 2.3). */
export function timeValue(time: Date): string {
  return time.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
}

/** Undefined: not a time. A fraction of a second is understood. */
export function parseTime(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second, fraction = ""] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** What may be done with an entry (RFC 3659 7.5.5). */
function permissions({ type, mode }: ListEntry): string {
  const mayRead = (mode & 0o400) !== 0;
  const mayWrite = (mode & 0o200) !== 0;
  if (type === "directory") return `${mayWrite ? "c" : ""}d${mayRead ? "el" : ""}f${mayWrite ? "mp" : ""}`;
  return `${mayWrite ? "a" : ""}df${mayRead ? "r" : ""}${mayWrite ? "w" : ""}`;
}

/** A line of MLST or MLSD with the facts that the client wants; `role`: the directory itself, or the one above. */
export function factLine(entry: ListEntry, wanted: ReadonlySet<FactName>, role?: "cdir" | "pdir"): string {
  const { name, type, size, modified, mode, unique, target } = entry;
  const types = { file: "file", directory: "dir", link: `OS.unix=slink:${target}`, other: "OS.unix=other" };
  const values: Readonly<Record<FactName, string | undefined>> = {
    type: role ?? types[type],
    size: type === "directory" ? undefined : String(size),
    modify: timeValue(modified),
    perm: permissions(entry),
    unique,
    "UNIX.mode": `0${mode.toString(8)}`,
  };
  const facts = factNames.map((fact) => {
    const value = wanted.has(fact) ? values[fact] : undefined;
    return value === undefined ? "" : `${fact}=${value};`;
  });
  return `${facts.join("")} ${name}`;
}
