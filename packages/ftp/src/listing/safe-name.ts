// May a name that a server sent be used as a file name here? A hostile one would have us write elsewhere.

/** What isSafeName may be told. */
export interface SafeNameOptions {
  /** Judge by the rules of Windows; default: if this is Windows. */
  windows?: boolean | undefined;
}

// Windows takes these for devices, whatever follows a dot (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
// The superscripts count as digits there.
const DEVICE = /^(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])$/i;

/**
 * Is that one component of a path, which leads nowhere else? Slashes, backslashes and control characters are refused
 * everywhere.
 */
export function isSafeName(name: string, options: SafeNameOptions = {}): boolean {
  if (name === "" || name === "." || name === "..") return false;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code < 32 || (code >= 127 && code < 160) || code === 47 || code === 92) return false;
  }
  const { windows = process.platform === "win32" } = options;
  return !windows || isSafeOnWindows(name);
}

function isSafeOnWindows(name: string): boolean {
  // A colon is of a drive, or of a stream beside the file.
  if (/[<>:"|?*]/.test(name) || name.endsWith(".") || name.endsWith(" ")) return false;
  const dot = name.indexOf(".");
  const stem = (dot === -1 ? name : name.slice(0, dot)).trimEnd();
  return !DEVICE.test(stem);
}
