import { fold } from './text-folding.js';

/** The usual English function words, the stumps contractions leave (`don` of `don't`), fillers of conversation. */
const ENGLISH = `a an the and or but if then than so of at by for with about into to from in on off over under again
  is am are was were be been being do does did doing done have has had having
  will would shall should can could may might must not no nor only own same too very just
  i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
  this that these those there here what which who whom whose when where why how as up down out
  s t d ll m re ve don didn doesn isn aren wasn weren won wouldn couldn shouldn ain
  also get got gets getting really much many some any all each few more most other such
  yes yeah oh hey hi wow thanks thank let lets`;

/**
 * Function and question words of other languages, but for those that are words, names or abbreviations in
 * English when their accents are gone (`die`, `hat`, `für`, `son`, `pour`, `la`, `un`): a memory in English
 * must be found by them.
 */
const GERMAN = `der das dem des ein eine einen einem einer eines und oder aber ist sind wird wurde wurden habe
  haben hatte hatten ich du sie es wir ihr mein meine dein deine sein seine auf aus bei beim vom von zum zur im ins
  nicht auch dass kein keine wo wann wer wen wem wie warum wohin woher welche welcher welches welchen`;
const FRENCH = `le les une du des au est sont était que qui quoi dans avec pas je tu elle ils elles nous vous
  ce cet cette cela leur leurs où quel quelle quels quelles quand pourquoi combien`;
const RUSSIAN = `и в во не что он она они оно я ты мы вы на с со как а то так его её их но да к ко у же за бы по от
  из о об для при до без был была было были это этот эта эти где кто кого когда куда откуда почему зачем какой
  какая какое какие сколько ли или если уже ещё там тут мой моя мне меня`;
const ARABIC = `في من على إلى عن أن إن ما هل هذا هذه ذلك تلك التي الذي مع كان كانت هو هي أنا نحن هم أو ثم لا لم لن
  قد أين متى كيف لماذا ماذا كم أي يا`;
const HINDI = `में का की के को से है हैं था थी थे ने पर और या यह वह ये वे मैं हम तुम आप मेरा मेरी मेरे उसका उसकी
  उसके इस उस क्या कौन कहाँ कब क्यों कैसे कितना कितने कितनी तो भी ही नहीं कि जो`;

/**
 * Words that say nothing about what a memory is about, as `fold` leaves them. They are neither indexed nor
 * searched. A change here is a change of the tokeniser: raise `TOKENISER_VERSION`.
 */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  [ENGLISH, GERMAN, FRENCH, RUSSIAN, ARABIC, HINDI].flatMap((words) => fold(words).split(/\s+/)),
);
