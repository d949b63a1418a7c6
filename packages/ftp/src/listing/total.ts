// The first line of `ls -l`: "total 48", in the languages that GNU ls speaks.

const WORDS = new Set(
  (
    "total insgesamt gesamt totale totaal totalt tot celkem razem suma yhteensä összesen toplam итого всего всього " +
    "общо σύνολο ukupno skupaj spolu kokku kopā guztira samtals 合計 总用量 總用量 總計 总计 합계"
  ).split(" "),
);

// Longer than any such line is.
const LONGEST = 40;

/** Is that the line with the number of blocks? */
export function isTotal(line: string): boolean {
  if (line.length > LONGEST) return false;
  // "total de 4" in some Spanish and French versions; a colon or a unit may stand there, too.
  const match = /^\s?([^\s\d:]+)(?: de)?:?\s+[\d.,]+[KMGT]?(?:\s+blocks)?\s*$/iu.exec(line);
  return match?.[1] !== undefined && WORDS.has(match[1].toLowerCase());
}
