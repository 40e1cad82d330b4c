/** Longer texts (inserts of many rows) are rare, each another one, and would fill the cache with themselves. */
const MAX_CACHED_LENGTH = 8_192;

/**
 * What was worked out from statements, by their text. The values of statements are parameters, so the service
 * has some hundred texts, which come again with every request.
 */
export class TextCache<Value extends object | string | boolean> {
  private readonly known = new Map<string, Value>();

  /** @param capacity entries; when full it begins anew, so that texts that do not come again cost nothing */
  constructor(private readonly capacity = 1_000) {}

  /** The value of a text. `work` must depend on nothing else; what it throws is not kept. */
  get(text: string, work: (text: string) => Value): Value {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const value = work(text);
    if (text.length <= MAX_CACHED_LENGTH) {
      if (this.known.size >= this.capacity) this.known.clear();
      this.known.set(text, value);
    }
    return value;
  }
}
