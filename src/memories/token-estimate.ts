/*
 * How many tokens a text takes in a language model's context, estimated from above without a tokeniser: those of
 * the models differ, and each costs megabytes of memory. The estimate goes by how byte pair encoding works:
 * frequent words are one token, long and rare ones several, and a character of a script that the vocabulary hardly
 * holds is up to one token a byte. The costs are round numbers, chosen so that the estimate is not below the
 * larger of what OpenAI's o200k_base and cl100k_base count in prose of 25 languages, conversation, code, JSON and
 * base64. It is above that number 1.3 times in English conversation, 1.5 times in technical English, 1.0 to 1.6
 * times in other languages in Latin letters, 1.1 to 1.8 times in other scripts and 1.7 times in code and JSON.
 * It is below it in random letters, and by a token or two in single lines full of foreign names.
 */

/** What costs are counted in: hundredths of a token. */
export const TOKEN = 100;

/** The first two letters of a word, or of a part of it that begins with a capital. */
const WORD = 100;
/** Each further letter up to the sixth, and from the seventh on. */
const LETTER = 15;
const LATE_LETTER = 30;
/** A capital after a capital, and the first small letter after several. */
const CAPITAL = 70;
const AFTER_CAPITALS = 100;
/** A capital after a part of one or two letters: no name in a program has many of these. */
const AFTER_STUMP = 50;
/** From the fourth consonant in a row on: no syllable that many words have. */
const CONSONANT = 60;
/** A Latin letter beyond ASCII: it has two bytes, and it breaks the word. */
const ACCENTED = 200;
/** Some models give each digit a token of its own. */
const DIGIT = 100;
const MARK = 100;
/** A punctuation mark after another, and from the fourth equal one on. */
const NEXT_MARK = 80;
const SAME_MARK = 30;
/** White space that the next word does not take in: the first of equal ones, and each eighth. */
const SPACE = 100;
const SPACES = 8;

/** Frequent English words of four letters and more: one token each in any vocabulary. */
const FREQUENT: ReadonlySet<string> = new Set(
  `about after again also always another around because been before being best better between both came come could
  days does doing done down each even ever every feel find first from give going good great have having help here
  home into just keep kind know last like little long look love made make many maybe more most much must never next
  nice only other over people place really right same should since some something still such sure take than thank
  thanks that their them then there these they thing things think this those thought through time today together
  under until very want week well were what when where which while will with without work would yeah year years
  yesterday your`.split(/\s+/),
);
const LONGEST_FREQUENT = Math.max(...[...FREQUENT].map(({ length }) => length));

/** Costs of a UTF-16 unit beyond Latin letters: of those up to the given one, from the one before on. */
const SCRIPTS: readonly (readonly [upTo: number, cost: number])[] = [
  [0x00bf, 150], // signs of Latin-1
  [0x036f, 200], // phonetic letters, combining marks
  [0x03ff, 110], // Greek
  [0x044f, 70], // Cyrillic, the letters of Russian
  [0x052f, 100],
  [0x058f, 200], // Armenian
  [0x05ff, 130], // Hebrew
  [0x066f, 100], // the letters of Arabic
  [0x07ff, 130],
  [0x08ff, 200],
  [0x097f, 130], // Devanagari
  [0x0dff, 200], // the other scripts of India
  [0x0e7f, 130], // Thai
  [0x10ff, 250], // Lao to Georgian
  [0x11ff, 200], // Hangul jamo
  [0x1dff, 300],
  [0x1eff, 200], // Latin letters of Vietnamese
  [0x1fff, 200], // ancient Greek
  [0x200f, 200], // spaces
  [0x2027, 130], // dashes and quotation marks
  [0x2fff, 300], // symbols
  [0x30ff, 120], // punctuation of East Asia, kana
  [0x4dff, 300],
  [0x9fff, 160], // Chinese characters
  [0xabff, 300],
  [0xd7ff, 160], // Hangul syllables
  [0xdfff, 180], // halves of the characters beyond U+FFFF, of 4 bytes: emoji above all
  [0xf8ff, 300],
  [0xfeff, 200],
  [0xffff, 160], // full-width forms
];

/** The estimate in whole tokens. */
export function estimateTokens(text: string): number {
  return Math.ceil(tokenCost(text) / TOKEN);
}

/**
 * The estimate in hundredths of a token, for adding up: the sum over lines and the line breaks between them is
 * that of the whole text, or more. In linear time.
 *
 * @param most beyond this the exact number does not matter, and any above it is returned
 */
export function tokenCost(text: string, most = Infinity): number {
  let cost = 0;
  let last = -1;
  let equal = 0;
  for (let at = 0; at < text.length && cost <= most;) {
    const unit = text.charCodeAt(at);
    if (isLatin(unit)) {
      const end = endOfWord(text, at);
      cost += wordCost(text, at, end);
      at = end;
      last = text.charCodeAt(at - 1);
      continue;
    }
    equal = unit === last ? equal + 1 : 1;
    cost += unitCost(unit, last, equal, text.charCodeAt(at + 1));
    last = unit;
    at += 1;
  }
  return cost;
}

function endOfWord(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && isLatin(text.charCodeAt(end))) end += 1;
  return end;
}

/** Of the Latin letters from `start` to before `end`. */
function wordCost(text: string, start: number, end: number): number {
  const isShort = end - start >= 4 && end - start <= LONGEST_FREQUENT;
  if (isShort && FREQUENT.has(text.slice(start, end).toLowerCase())) return WORD;
  let cost = 0;
  let letters = 0;
  let capitals = 0;
  let consonants = 0;
  for (let at = start; at < end; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) {
      letters += 1;
      capitals = consonants = 0;
      cost += ACCENTED;
      continue;
    }
    const isCapital = unit <= 0x5a;
    if (isCapital && capitals > 0) {
      letters += 1;
      cost += CAPITAL;
    } else if (isCapital) {
      cost += letters === 1 || letters === 2 ? WORD + AFTER_STUMP : WORD;
      letters = 1;
    } else {
      letters += 1;
      if (letters === 1) cost += WORD;
      else if (letters > 2) cost += letters > 6 ? LATE_LETTER : LETTER;
      if (capitals > 1) cost += AFTER_CAPITALS;
    }
    capitals = isCapital ? capitals + 1 : 0;
    if (isVowel(unit | 0x20)) consonants = 0;
    else if (isCapital) consonants = 1;
    else if ((consonants += 1) > 3) cost += CONSONANT;
  }
  return cost;
}

/** Of anything but a Latin letter. @param equal how many units like it there are up to here */
function unitCost(unit: number, last: number, equal: number, next: number): number {
  if (unit <= 0x20) {
    // A single space belongs to the word after it.
    if (unit === 0x20 && equal === 1 && (isLatin(next) || (next >= 0x400 && next <= 0x52f))) return 0;
    return equal === 1 || equal % SPACES === 0 ? SPACE : 0;
  }
  if (unit > 0x7f) return scriptCost(unit);
  if (unit >= 0x30 && unit <= 0x39) return DIGIT;
  if (equal > 3) return SAME_MARK;
  return isMark(last) ? NEXT_MARK : MARK;
}

function scriptCost(unit: number): number {
  let low = 0;
  let high = SCRIPTS.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (unit <= SCRIPTS[middle][0]) high = middle;
    else low = middle + 1;
  }
  return SCRIPTS[low][1];
}

function isLatin(unit: number): boolean {
  const lower = unit | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (unit >= 0xc0 && unit <= 0x24f);
}

function isMark(unit: number): boolean {
  return unit > 0x20 && unit <= 0x7f && !isLatin(unit) && !(unit >= 0x30 && unit <= 0x39);
}

/** @param letter in lower case */
function isVowel(letter: number): boolean {
  return (
    letter === 0x61 ||
    letter === 0x65 ||
    letter === 0x69 ||
    letter === 0x6f ||
    letter === 0x75 ||
    letter === 0x79
  );
}
