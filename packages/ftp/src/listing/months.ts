// Names of months as `ls` prints them: the abbreviations of the locales of GNU and Unicode (CLDR).

// One string for each month. Where two languages contradict each other, Polish and Czech stand ("lip", "srp", "lis"
// are other months in Croatian).
const NAMES = [
  "jan january januar janv janvier ene enero gen gennaio jän jänner sty led jaan ian sij oca urt saus tammi xan " +
    "янв яну січ сту јан ιαν ιανουάριος janeiro januari janvāris",
  "feb february februar févr févr fev fév fevr feb. febbraio fevereiro febrero febr helmi lut úno veebr şub ots vas " +
    "velj feabh shk фев февр лют феб φεβ",
  "mar march märz mär mrz mars marzo março marts mrt maart maalis bře märts márc kov ožu març " +
    "мар март бер сак μαρ μάρ",
  "apr april avr avril abr abril ápr aprile huhti kwi dub nis api bal tra aib pri апр квіт кві кра απρ",
  "may mai maj mei mag maio mayo maggio máj maí touko kvě geg svi maig maijs май мая мај тра трав μάι μαι μαΐ",
  "jun june juni juin giu giugno junio junho jún iun kesä cze čen juuni jūn haz eka birž juny xuñ " +
    "июн июнь юни чер черв јун чэр ιουν ιούν",
  "jul july juli juil juillet lug luglio julio julho júl iul heinä lip čec juuli jūl tem uzt liep xul " +
    "июл июль юли лип јул ліп ιουλ ιούλ",
  "aug august août aout ago agosto avg elo sie srp ağu abu rugp kol ágú ag авг сер серп жні αυγ αύγ",
  "sep sept september septembre set settembre setembro septiembre szept syys wrz zář eyl ira rugs ruj " +
    "сен сент сеп вер σεπ",
  "oct october okt oktober octobre ott ottobre out outubro octubre loka paź říj eki urr spal окт жов жовт кас οκτ",
  "nov november noi noviembre novembre novembro marras lis kas aza lapkr stu nóv ноя нояб ное нов лис лист ліс " +
    "νοε νοέ",
  "dec december dez dezember dic dicembre diciembre déc décembre dezembro joulu gru pro des dets ara abe gruod " +
    "дек гру груд сне дец δεκ",
];

const MONTHS = new Map<string, number>();
for (const [index, names] of NAMES.entries()) {
  for (const name of names.split(" ")) {
    if (!MONTHS.has(name)) MONTHS.set(name, index + 1);
  }
}

// More than any name has: a hostile line shall not be copied and lowered for each of its words.
const LONGEST = 20;

/** The month of that name, from 1, or 0. A dot or comma behind it is ignored. */
export function monthOf(name: string): number {
  if (name.length > LONGEST) return 0;
  const bare = name.endsWith(".") || name.endsWith(",") ? name.slice(0, -1) : name;
  const plain = bare.endsWith(".") ? bare.slice(0, -1) : bare;
  return MONTHS.get(plain.toLowerCase().normalize("NFC")) ?? 0;
}

/** The month whose three English letters stand at `at`, from 1, or 0. */
export function englishMonthAt(line: string, at: number): number {
  const second = line.charCodeAt(at + 1) | 32;
  const third = line.charCodeAt(at + 2) | 32;
  switch (line.charCodeAt(at) | 32) {
    case 106: // j
      if (second === 97) return third === 110 ? 1 : 0;
      if (second !== 117) return 0;
      return third === 110 ? 6 : third === 108 ? 7 : 0;
    case 102: // feb
      return second === 101 && third === 98 ? 2 : 0;
    case 109: // ma
      if (second !== 97) return 0;
      return third === 114 ? 3 : third === 121 ? 5 : 0;
    case 97: // a
      if (second === 112) return third === 114 ? 4 : 0;
      return second === 117 && third === 103 ? 8 : 0;
    case 115: // sep
      return second === 101 && third === 112 ? 9 : 0;
    case 111: // oct
      return second === 99 && third === 116 ? 10 : 0;
    case 110: // nov
      return second === 111 && third === 118 ? 11 : 0;
    case 100: // dec
      return second === 101 && third === 99 ? 12 : 0;
    default:
      return 0;
  }
}
