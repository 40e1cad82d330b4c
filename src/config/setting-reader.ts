import type { z } from 'zod';
import { NOT_YET, OLD_NAMES, OUR_PREFIXES } from './legacy-names.js';
import { SETTINGS } from './settings.js';

/** Every name that is read from the environment, with the schema of its text. */
export const KNOWN = { ...SETTINGS, ...OLD_NAMES };

export type SettingName = keyof typeof KNOWN;
export type SettingValue<N extends SettingName> = z.output<(typeof KNOWN)[N]>;
/** The settings whose values have the type `V`. */
type NamesOf<V> = { [N in SettingName]: SettingValue<N> extends V ? N : never }[SettingName];

/** "A", "A and B", "A, B and C". */
export function named(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/**
 * Checks every known setting of an environment by itself and collects what is wrong, so that all of it can be
 * told at once; the rules between settings add to the same two lists.
 */
export class SettingReader {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly #given = new Set<string>();
  readonly #values = new Map<string, unknown>();

  constructor(env: NodeJS.ProcessEnv) {
    for (const [name, schema] of Object.entries(KNOWN)) {
      const raw = env[name];
      if (raw === undefined || raw === '') continue;
      this.#given.add(name);
      const result = schema.safeParse(raw);
      if (result.success) this.#values.set(name, result.data);
      else this.problems.push(...messages(result.error).map((message) => `${name} ${message}.`));
    }
    this.#warnOfNotYet();
    this.#warnOfUnknown(env);
  }

  /** Whether the setting is set, rightly or wrongly. */
  given(name: SettingName): boolean {
    return this.#given.has(name);
  }

  /** The setting's value; undefined when unset, and when wrong, which is a problem noted already. */
  value<N extends SettingName>(name: N): SettingValue<N> | undefined {
    return this.#values.get(name) as SettingValue<N> | undefined;
  }

  /** The value of a setting with two names, which must agree where both are set. */
  either<N extends SettingName>(name: N, oldName: NamesOf<SettingValue<N>>): SettingValue<N> | undefined {
    const value = this.value(name);
    const old = this.value(oldName) as SettingValue<N> | undefined;
    if (value !== undefined && old !== undefined && value !== old) this.disagree([name, oldName]);
    return value ?? old;
  }

  disagree(names: readonly string[]): void {
    this.problems.push(`${named(names)} set the same thing to different values: keep one of them.`);
  }

  #warnOfNotYet(): void {
    for (const { feature, names } of NOT_YET) {
      const given = names.filter((name) => this.given(name));
      if (given.length > 0) this.warnings.push(`${feature}, so ${named(given)} ${has(given)} no effect.`);
    }
  }

  #warnOfUnknown(env: NodeJS.ProcessEnv): void {
    const unknown = Object.keys(env)
      .filter((name) => OUR_PREFIXES.test(name) && !Object.hasOwn(KNOWN, name) && env[name] !== '')
      .sort();
    if (unknown.length > 0) {
      this.warnings.push(`${named(unknown)} ${has(unknown)} no effect: no setting of Cairn is called so.`);
    }
  }
}

/** The verb of a sentence about settings. */
export function has(names: readonly string[]): string {
  return names.length === 1 ? 'has' : 'have';
}

function messages(error: z.ZodError): string[] {
  return [...new Set(error.issues.map((issue) => issue.message))];
}
