// Names that are different to one file system, and the same to another: capitals and small letters, or composed and
// decomposed characters (Windows, macOS).

/** The same for names that may be the same somewhere. */
export function folded(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}

/** Another name that is the same where names are folded; undefined if there is none. */
export function swapped(name: string): string | undefined {
  const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
  return other === name || folded(other) !== folded(name) ? undefined : other;
}
