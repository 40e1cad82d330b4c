/** Base form, then the irregular or colloquial forms that stand for it and that no stemmer brings together. */
const FORMS = `
  go: went gone goes
  buy: bought
  bring: brought
  think: thought
  teach: taught
  catch: caught
  see: saw seen
  take: took taken
  give: gave given
  make: made
  say: said
  tell: told
  feel: felt
  meet: met
  lose: lost
  find: found
  keep: kept
  leave: left
  come: came
  begin: began begun
  write: wrote written
  speak: spoke spoken
  drive: drove driven
  ride: rode ridden
  run: ran
  sing: sang sung
  swim: swam
  draw: drew drawn
  grow: grew grown
  know: knew known
  fly: flew flown
  eat: ate eaten
  drink: drank
  break: broke broken
  choose: chose chosen
  wear: wore worn
  sell: sold
  send: sent
  spend: spent
  build: built
  hear: heard
  hold: held
  lead: led
  pay: paid
  sleep: slept
  stand: stood
  understand: understood
  become: became
  forget: forgot forgotten
  hang: hung
  fall: fell fallen
  fight: fought
  hide: hid hidden
  throw: threw thrown
  wake: woke
  child: children kids kid
  person: people
  man: men
  woman: women
  wife: wives
  life: lives
  foot: feet
  mouse: mice
  good: better best
  mother: mom mum
  father: dad
  picture: photo photos pic pics
  film: movies movie`;

/**
 * From an irregular form to its base form, applied before stemming. Forms that are stop words (`got`, `won`)
 * never come this far and are not listed. A change here is a change of the tokeniser: raise
 * `TOKENISER_VERSION`.
 */
export const IRREGULAR_FORMS: ReadonlyMap<string, string> = new Map(
  FORMS.trim()
    .split('\n')
    .flatMap((line) => {
      const [base, forms] = line.trim().split(': ');
      return forms.split(' ').map((form): [string, string] => [form, base]);
    }),
);
