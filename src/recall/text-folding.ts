/**
 * Marks that are not needed to tell words apart, which writers add or leave out as they like: Latin, Greek and
 * Cyrillic accents (U+0300 to U+036F), Hebrew points, Arabic vowel signs, hamza and madda on a letter and the
 * stretching tatweel, the Devanagari nukta; and invisible characters inside words (soft hyphen, joiners,
 * variation selectors).
 */
const OPTIONAL_MARKS =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0655\u0670\u093c\u00ad\u200c\u200d\u2060\ufeff\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/**
 * Normalisation sorts every run of combining marks, in quadratic time: 200,000 marks on one letter would
 * take ten seconds. Unicode (UAX #15, Stream-Safe Text Format) allows 30 in a row; what follows is dropped.
 * The half-width kana marks U+FF9E and U+FF9F become combining marks only in normalisation.
 */
const EXCESSIVE_MARKS = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;

/** Letters that people write for each other and that normalisation keeps apart. */
const SAME_LETTERS: ReadonlyMap<string, string> = new Map([
  // Case folding where lower-casing is not enough: STRASSE is straße, and ς is a σ at the end of a word.
  ['ß', 'ss'],
  ['ς', 'σ'],
  // Latin letters that keyboards of other languages lack.
  ['œ', 'oe'],
  ['æ', 'ae'],
  ['ø', 'o'],
  ['ł', 'l'],
  ['đ', 'd'],
  ['ð', 'd'],
  ['þ', 'th'],
  ['ı', 'i'],
  // Arabic: alef with a ring below it, the dotless and the Persian yeh, teh marbuta, the Persian kaf.
  ['ٱ', 'ا'],
  ['ى', 'ي'],
  ['ی', 'ي'],
  ['ة', 'ه'],
  ['ک', 'ك'],
  // Hindi: the two signs of a nasal vowel.
  ['ँ', 'ं'],
  ['’', "'"],
]);
const FOLDED = new RegExp(`[${[...SAME_LETTERS.keys()].join('')}]`, 'gu');

/** Hindi: a nasal before a consonant may be written as a letter or as a dot, हिन्दी or हिंदी. */
const NASAL_LETTER = /[ङञणनम]\u094d(?=[क-म])/gu;

/** The zeros of scripts with digits of their own, which their other nine follow. */
const ZEROS = '٠۰०০੦૦୦௦౦೦൦๐໐༠၀០';
const DIGIT = new RegExp(`[${[...ZEROS].map((zero) => `${zero}-${digitOf(zero, 9)}`).join('')}]`, 'gu');

function digitOf(zero: string, value: number): string {
  return String.fromCodePoint(zero.codePointAt(0)! + value);
}

/** The digit's value: the zeros of scripts lie at least ten apart. */
function valueOf(digit: string): string {
  const code = digit.codePointAt(0)!;
  const zero = [...ZEROS].find((one) => code >= one.codePointAt(0)! && code <= one.codePointAt(0)! + 9)!;
  return String(code - zero.codePointAt(0)!);
}

const ASCII = /^[\x00-\x7f]*$/;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/**
 * A text as words are compared: without case, without marks a writer may leave out, without differences of
 * encoding (composed and decomposed, full and half width), every digit as 0 to 9, and letters that readers take
 * for one another as one. In linear time.
 */
export function fold(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return (
    text
      .replace(EXCESSIVE_MARKS, '$1')
      .normalize('NFKD')
      .replace(OPTIONAL_MARKS, '')
      .toLowerCase()
      .replace(FOLDED, (letter) => SAME_LETTERS.get(letter)!)
      .replace(NASAL_LETTER, 'ं')
      .replace(DIGIT, valueOf)
      // Composed again, so that a Hangul syllable or a voiced kana is one character.
      .normalize('NFC')
  );
}
