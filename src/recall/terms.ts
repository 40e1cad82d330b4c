import { stemmer } from 'stemmer';
import { IRREGULAR_FORMS } from './irregular-forms.js';
import { STOP_WORDS } from './stop-words.js';
import { fold, isAscii } from './text-folding.js';

/**
 * Version of everything that decides what a memory leaves in the index: this file, its two word lists and
 * `termHash`; `featuresOf` and what it uses; `slotOf` and the form of a block. An index written by another version
 * is rebuilt by itself (`IndexUpkeep`).
 */
export const TOKENISER_VERSION = 2;

/** Longer words (keys, encoded data) are not prose: they are kept whole and unstemmed, and match only whole. */
const MAX_STEMMED_LENGTH = 64;

/** Scripts written without spaces, or (Hangul) with particles joined to words: indexed as character pairs. */
const UNSPACED_SCRIPTS = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Thai', 'Lao', 'Khmer', 'Myanmar'];
// U+30FC, U+3099 and U+309A belong to kana but, as far as the Script property goes, to no script.
const UNSPACED = `[[\\p{L}\\p{N}\\p{M}]&&[${UNSPACED_SCRIPTS.map((s) => `\\p{Script=${s}}`).join('')}\\u30fc\\u3099\\u309a]]`;
const spaced = (classes: string) => `[[${classes}]--${UNSPACED}]`;
/** A run of an unspaced script (group 1), or a word with at most one apostrophe inside. */
const WORD = new RegExp(
  `(${UNSPACED}+)|${spaced('\\p{L}\\p{N}')}${spaced('\\p{L}\\p{N}\\p{M}')}*(?:'${spaced('\\p{L}')}${spaced('\\p{L}\\p{M}')}*)?`,
  'gv',
);

/** The same words of a folded text in ASCII, as most are: to ask of each letter what Unicode says takes longer. */
const ASCII_WORD = /[a-z0-9]+(?:'[a-z]+)?/g;

const HAN = /\p{Script=Han}/u;
const HANGUL = /\p{Script=Hangul}/u;

/** What may follow an apostrophe in English without being part of the word. */
const CONTRACTIONS = new Set(['s', 't', 're', 've', 'll', 'd', 'm']);
/** What may precede an apostrophe in French and Italian without being part of the word. */
const ELISIONS = new Set(
  `l d j m n s t c qu jusqu lorsqu puisqu quoiqu un all dall dell nell sull`.split(' '),
);

/**
 * Stems of the words met most recently, in two generations: when the young one is full it becomes the old
 * one, and the old one is forgotten. Stemming is a pure function of the word, so sharing the cache changes
 * nothing but time.
 */
class StemCache {
  private young = new Map<string, string>();
  private old = new Map<string, string>();

  stem(word: string): string {
    const known = this.young.get(word) ?? this.old.get(word);
    if (known !== undefined) return known;
    const stem = stemmer(word);
    // V8 represents a longer piece of a string as a reference to the whole: kept, it would keep the text too.
    if (word.length > 12) return stem;
    if (this.young.size >= 8192) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(word, stem);
    return stem;
  }
}

const stems = new StemCache();

/** The word without what English, French or Italian hangs on it by an apostrophe. */
function withoutContraction(word: string): string {
  const apostrophe = word.indexOf("'");
  if (apostrophe < 0) return word;
  const head = word.slice(0, apostrophe);
  const tail = word.slice(apostrophe + 1);
  if (CONTRACTIONS.has(tail)) return head;
  return ELISIONS.has(head) ? tail : word;
}

/** The term of one normalised word, or undefined for a stop word. */
function wordTerm(word: string): string | undefined {
  if (word.length > MAX_STEMMED_LENGTH) return word;
  const bare = withoutContraction(word);
  if (STOP_WORDS.has(bare)) return undefined;
  // Below U+0250 are the Latin blocks; Porter's rules have nothing to say on other scripts.
  if (bare.charCodeAt(0) >= 0x250) return bare;
  return stems.stem(IRREGULAR_FORMS.get(bare) ?? bare);
}

/**
 * The terms a text is indexed by, in order of appearance, repetitions included.
 *
 * Words of all scripts, without case or accents, without stop words, Latin-script ones reduced to their stems
 * (Porter, "An algorithm for suffix stripping", Program 14(3), 1980). Chinese, Japanese, Korean, Thai, Lao,
 * Khmer and Burmese runs become overlapping pairs of characters; a run of one character is a term itself.
 * Because one character can also be a whole word that a query asks for, every Chinese character and the first
 * syllable of a Korean word (the others are likely particles) is a term beside the pairs.
 *
 * Time and space are linear in the length of the text, whatever is in it.
 */
export function terms(text: string): string[] {
  return termsWith(text, (character, previous) => isHan(character) || isFirstSyllable(character, previous));
}

/**
 * The terms a query or a name is looked up by: those of `terms` but for the single characters of longer words,
 * which occur in many other words. A Chinese character between other scripts is a word: 猫 in 猫がいる.
 * Stop words leave nothing, so a query of stop words only has no terms and finds nothing.
 */
export function queryTerms(text: string): string[] {
  return termsWith(text, (character, previous, next) => isHan(character) && !isHan(previous) && !isHan(next));
}

type IsWord = (character: string, previous: string, next: string) => boolean;

/** @param isWord whether a character of a longer run is a term by itself; '' stands for the run's ends */
function termsWith(text: string, isWord: IsWord): string[] {
  const found: string[] = [];
  const addWord = (word: string) => {
    const term = wordTerm(word);
    if (term !== undefined) found.push(term);
  };
  const folded = fold(text);
  if (isAscii(folded)) {
    for (const word of folded.match(ASCII_WORD) ?? []) addWord(word);
    return found;
  }
  for (const [word, run] of folded.matchAll(WORD)) {
    if (run !== undefined) addRun([...run], isWord, found);
    else addWord(word);
  }
  return found;
}

/** Adds the pairs of a run of an unspaced script, then those of its characters that are terms by themselves. */
function addRun(run: readonly string[], isWord: IsWord, found: string[]): void {
  if (run.length === 1) {
    found.push(run[0]);
    return;
  }
  for (let i = 1; i < run.length; i += 1) found.push(run[i - 1] + run[i]);
  for (let i = 0; i < run.length; i += 1) {
    if (isWord(run[i], run[i - 1] ?? '', run[i + 1] ?? '')) found.push(run[i]);
  }
}

function isHan(character: string): boolean {
  return HAN.test(character);
}

function isFirstSyllable(character: string, previous: string): boolean {
  return HANGUL.test(character) && !HANGUL.test(previous);
}

/** The hashes of the terms, each with the number of its occurrences: what `term_blocks` keeps of a memory. */
export function termCounts(list: Iterable<string>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const term of list) {
    const hash = termHash(term);
    counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  return counts;
}

/**
 * A term as an unsigned 32-bit number: MurmurHash3_x86_32 (Austin Appleby, public domain,
 * https://github.com/aappleby/smhasher) with seed 0 over the term's UTF-16 code units, little-endian. Every bit
 * of a term moves every bit of the hash, so that low bits alone can be tested first. Two of 50,000 different
 * terms share a hash about once in three scopes of that size (birthday bound 50,000² / 2³³).
 */
export function termHash(term: string): number {
  let hash = 0;
  const pairs = term.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    hash ^= scramble(term.charCodeAt(i) | (term.charCodeAt(i + 1) << 16));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (pairs < term.length) hash ^= scramble(term.charCodeAt(pairs));
  hash ^= term.length * 2;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
