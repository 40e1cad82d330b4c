// The numbers of the method. Where nothing else is said they are those the method was designed and measured
// with, on conversations (LoCoMo): how a memory is read together with its neighbours in the session, and what
// speaker, date and form of a text count. They are fixed: nothing is tuned to data, or to a vault.

/**
 * BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009): how soon a
 * term's repetitions stop counting, and how much a memory's length counts. k1 is the book's usual value; b is
 * lower than its 0.75, because a memory's length is partly its neighbours'.
 */
export const K1 = 1.2;
export const B = 0.4;

/** What a term of a memory credits the next ones of its session with, per occurrence: the nearest first. */
export const CREDIT_TO_NEXT: readonly number[] = [0.7, 0.5, 0.3, 0.2];
/** What it credits the ones before with. */
export const CREDIT_TO_PREVIOUS: readonly number[] = [0.4, 0.2, 0.1];
/** A memory that ends in a question credits the next one, which answers it, by this factor more … */
export const ANSWER_FACTOR = 1.3;
/** … and the one right before it by this factor less: a question asks for something new. */
export const QUESTION_BEFORE_FACTOR = 0.8;
/** What a term of its speaker's name counts in a memory, whether or not the text says it. */
export const SPEAKER_CREDIT = 1;
/** What month name, year and day of month of its date count, each. */
export const DATE_CREDIT = 0.5;

/** How many of the best are ranked again by adjacent pairs of terms: enough for nothing to be lost by it. */
export const RERANKED = 50;
/** What the BM25 of pairs counts beside the BM25 of terms, and its two constants. */
export const BIGRAM_WEIGHT = 0.1;
export const BIGRAM_K1 = 1.2;
export const BIGRAM_B = 0.3;

/** A memory of the one speaker whom the query names. */
export const SPEAKER_FACTOR = 1.2;
/** Added to 1 where the query names the memory's month, or the month before it … */
export const SAME_MONTH = 1;
export const NEXT_MONTH = 0.3;
/** … where it names no month but the memory's year … */
export const SAME_YEAR = 0.3;
/** … and, in a month that is named, a day of month at most this far away. */
export const SAME_DAYS = 1;
export const DAYS_APART = 3;
/** A memory with a time expression, for a query that asks when. */
export const WHEN_FACTOR = 1.4;
/** A memory that only asks. */
export const ONLY_QUESTIONS_FACTOR = 0.7;
/** One that ends in a question, where there is no picture that it is about. */
export const ENDS_WITH_QUESTION_FACTOR = 0.85;
/** A longer memory says more: at most this is added to 1, in proportion to its length up to so many terms. */
export const LENGTH_BONUS = 0.2;
export const FULL_LENGTH = 12;
/** A memory that mentions ("last Friday") a date that the query names. */
export const MENTION_FACTOR = 1.3;
/** What the gain in salience by reinforcement counts: at most 6 %, so that it decides between equals only. */
export const SALIENCE_WEIGHT = 0.1;

/**
 * Memories without a session, one after the other, belong together unless there is a longer pause between them:
 * the customary end of a session in web analytics. Milliseconds.
 */
export const SESSION_PAUSE_MS = 30 * 60_000;

/**
 * How rare a term is: the idf of BM25 in the form that is never negative, `ln(1 + (N − df + ½)/(df + ½))`.
 *
 * @param memories how many there are (N)
 * @param df how many of them hold the term
 */
export function idfOf(memories: number, df: number): number {
  return Math.log(1 + (memories - df + 0.5) / (df + 0.5));
}
