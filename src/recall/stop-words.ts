/**
 * Words that say nothing about what a memory is about: the usual English function words, the stumps that
 * contractions leave (`don` of `don't`), and fillers of conversation. They are neither indexed nor searched.
 * A change here is a change of the tokeniser: raise `TOKENISER_VERSION`.
 */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `a an the and or but if then than so of at by for with about into to from in on off over under again
  is am are was were be been being do does did doing done have has had having
  will would shall should can could may might must not no nor only own same too very just
  i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
  this that these those there here what which who whom whose when where why how as up down out
  s t d ll m re ve don didn doesn isn aren wasn weren won wouldn couldn shouldn ain
  also get got gets getting really much many some any all each few more most other such
  yes yeah oh hey hi wow thanks thank let lets`.split(/\s+/),
);
