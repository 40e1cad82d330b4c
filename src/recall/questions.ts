const QUESTION_MARK = /[?？؟⁇⁈]/u;
const SENTENCE = /[^.!?…。！？؟।⁇⁈\n]+(?:[.!?…。！？؟।⁇⁈]+|\n|$)/gu;
const LETTER = /[\p{L}\p{N}]/u;
/** As much of a script without spaces as makes three words. */
const UNSPACED_WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{6}/u;

/** True when the text's last character is a question mark. */
export function endsWithQuestion(text: string): boolean {
  return QUESTION_MARK.test(text.trimEnd().slice(-1));
}

/** True when the text has a sentence of more than two words and each of those ends in a question mark. */
export function onlyQuestions(text: string): boolean {
  if (!QUESTION_MARK.test(text)) return false;
  let asks = false;
  for (const [sentence] of text.matchAll(SENTENCE)) {
    if (!hasThreeWords(sentence)) continue;
    if (!QUESTION_MARK.test(sentence)) return false;
    asks = true;
  }
  return asks;
}

function hasThreeWords(sentence: string): boolean {
  let words = 0;
  for (const [word] of sentence.matchAll(/\S+/g)) {
    if (!LETTER.test(word)) continue;
    words += UNSPACED_WORDS.test(word) ? 3 : 1;
    if (words > 2) return true;
  }
  return false;
}
