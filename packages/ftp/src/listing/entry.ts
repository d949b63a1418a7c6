// What a line of a directory listing says (LIST, MLSD, MLST), whatever its format.

/** What an entry is; a device is a block or a character device. */
export type FtpEntryType =
  | "file"
  | "directory"
  | "symlink"
  | "device"
  | "pipe"
  | "socket"
  | "other"
  | "unknown";

/** The format of the line that an entry was read from. "custom" is the caller's own parser. */
export type ListingFormat =
  | "mlsx"
  | "unix"
  | "unix-numeric"
  | "dos"
  | "netware"
  | "vms"
  | "mvs"
  | "os400"
  | "zvm"
  | "nonstop"
  | "eplf"
  | "os2"
  | "os9"
  | "vxworks"
  | "vshell"
  | "wfftp"
  | "connect-enterprise"
  | "mpe"
  | "mcp"
  | "vos"
  | "gcos"
  | "tops20"
  | "dls"
  | "pc"
  | "custom"
  | "unknown";

/** How exact a time is. */
export type TimePrecision = "millisecond" | "second" | "minute" | "day";

/** One entry of a directory. What the server did not tell is undefined. */
export interface FtpEntry {
  /** The name as the server sent it: it may be empty, or hold a slash. See `isSafeName`. */
  readonly name: string;
  readonly type: FtpEntryType;
  /** Bytes; undefined also if the server tells blocks, records or a rounded number. */
  readonly size?: number;
  readonly modifiedAt?: Date;
  readonly modifiedPrecision?: TimePrecision;
  /** Permission bits, such as 0o644; setuid, setgid and sticky included. */
  readonly mode?: number;
  /** The "perm" fact of MLSx. */
  readonly perm?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly linkTarget?: string;
  /** The "unique" fact of MLSx, or the identifier of EPLF. */
  readonly unique?: string;
  /** All facts of MLSx, names in lower case. */
  readonly facts?: ReadonlyMap<string, string>;
  /** The directory itself, or the one above it. */
  readonly special?: "current" | "parent";
  /**
   * The line behind it is none of a listing: the name may hold a line end, and go on there. Or the same name is listed
   * as something else, too.
   */
  readonly isDoubtful?: true;
  /** The line that it was read from; lines are joined by a line feed. */
  readonly raw: string;
  readonly format: ListingFormat;
}

/** An entry under construction. */
export type EntryDraft = { -readonly [K in keyof FtpEntry]: FtpEntry[K] };

/** What a scanner may know besides name and type. */
export interface EntryDetails {
  readonly size?: number | undefined;
  readonly modifiedAt?: Date | undefined;
  readonly modifiedPrecision?: TimePrecision | undefined;
  readonly mode?: number | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly linkTarget?: string | undefined;
  readonly unique?: string | undefined;
}

/** Makes the entry of a line: details that are undefined are left out. */
export function makeEntry(
  format: ListingFormat,
  raw: string,
  name: string,
  type: FtpEntryType,
  details: EntryDetails = {},
): FtpEntry {
  const { size, modifiedAt, modifiedPrecision, mode, owner, group, linkTarget, unique } = details;
  const special = specialOf(name);
  const entry: EntryDraft = { name, type, raw, format };
  if (size !== undefined) entry.size = size;
  if (modifiedAt !== undefined) entry.modifiedAt = modifiedAt;
  if (modifiedPrecision !== undefined) entry.modifiedPrecision = modifiedPrecision;
  if (mode !== undefined) entry.mode = mode;
  if (owner !== undefined) entry.owner = owner;
  if (group !== undefined) entry.group = group;
  if (linkTarget !== undefined) entry.linkTarget = linkTarget;
  if (unique !== undefined) entry.unique = unique;
  if (special !== undefined) entry.special = special;
  return entry;
}

/** Is that the name of the directory itself, or of the one above? */
export function specialOf(name: string): "current" | "parent" | undefined {
  if (name === ".") return "current";
  return name === ".." ? "parent" : undefined;
}
