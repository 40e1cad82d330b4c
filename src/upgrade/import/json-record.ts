import { jsonParts } from '../../http/json-parts.js';
import { endOfString } from '../../http/json-scan.js';
import { isObject, parsedJson } from '../../memories/stored-json.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object as it was written: its values as JavaScript has them, and each as its text. */
export class JsonRecord {
  private parts: Map<string, string> | undefined;

  /**
   * @param text valid JSON
   * @param value what JSON.parse makes of it
   */
  constructor(
    readonly text: string,
    readonly value: JsonObject,
  ) {}

  /** The texts of all members by name. Of a name that comes twice the last counts, as in JSON.parse. */
  get texts(): ReadonlyMap<string, string> {
    this.parts ??= new Map(jsonParts(this.text).map(memberOf));
    return this.parts;
  }

  /** The first of these members that is a text with something in it. */
  textIn(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.value[name];
      if (typeof value === 'string' && value !== '') return value;
    }
    return undefined;
  }

  /** The first of these members that is a text, or a number in its own digits. */
  nameIn(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.value[name];
      if (typeof value === 'string' && value !== '') return value;
      // As it was written: JavaScript rounds what is beyond 2^53.
      if (typeof value === 'number') return this.texts.get(name);
    }
    return undefined;
  }

  /** The first of these members that is there and not null. */
  valueIn(...names: readonly string[]): unknown {
    return names.map((name) => this.value[name]).find((value) => value !== undefined && value !== null);
  }

  /** A JSON object of all members but these, and but those that are null; undefined where there are none. */
  without(names: ReadonlySet<string>): string | undefined {
    const members: string[] = [];
    for (const [name, text] of this.texts) {
      if (!names.has(name) && text !== 'null') members.push(`${JSON.stringify(name)}:${text}`);
    }
    return members.length > 0 ? `{${members.join(',')}}` : undefined;
  }
}

function memberOf(part: string): [name: string, text: string] {
  const end = endOfString(part, 0);
  return [JSON.parse(part.slice(0, end)) as string, part.slice(part.indexOf(':', end) + 1).trim()];
}

/**
 * A memory's metadata: those that it had, to the letter, and under the name of the system it comes from what else was
 * known of it.
 *
 * @param own JSON text; what is no object is put with the rest
 * @param rest JSON object
 */
export function metadataOf(own: string | undefined, system: string, rest: string | undefined): string {
  return compact(joined(own, system, rest));
}

/** A file that is set out for people has more white space than values. */
function compact(json: string): string {
  return json.includes('\n') ? json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|\s+/g, '$1') : json;
}

function joined(own: string | undefined, system: string, rest: string | undefined): string {
  const given = own === undefined ? undefined : parsedJson(own);
  const isOwn = isObject(given);
  const others = [
    ...(rest === undefined ? [] : [rest.slice(1, -1)]),
    ...(own === undefined || isOwn || given === null || given === '' ? [] : [`"metadata":${own}`]),
  ];
  const added = others.length > 0 ? `{${others.join(',')}}` : undefined;
  if (!isOwn) return added === undefined ? '{}' : `{${JSON.stringify(system)}:${added}}`;
  if (added === undefined) return own!.trim();
  const name = Object.hasOwn(given, system) ? `${system}_import` : system;
  const inside = own!.trim().slice(1, -1).trim();
  return `{${inside}${inside === '' ? '' : ','}${JSON.stringify(name)}:${added}}`;
}
