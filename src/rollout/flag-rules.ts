import { z } from 'zod';
import { isVaultId } from '../vaults/vault-id.js';
import { bucketOf } from './flag-bucket.js';
import { ENFORCEMENTS, FLAG_NAMES, type FlagName, type FlagValue, isSwitch } from './flags.js';

/** Gives a value to some vaults: those that it lists, or those below a percentage. */
export interface FlagRule {
  readonly value: FlagValue;
  readonly vaults?: readonly string[];
  readonly percentage?: number;
}

/** What decides a flag: the first rule that fits a vault, else the default; without one nothing is said. */
export interface FlagRules {
  readonly rules: readonly FlagRule[];
  readonly default?: FlagValue;
}

/** The rules of flags, as a file holds them. */
export type FlagDefinitions = Readonly<Partial<Record<FlagName, FlagRules>>>;

const ONE_VAULT = 'must be a vault id: a text of 1 to 128 letters, digits, ".", "_", ":" or "-"';

/** An object of these fields and no others; what is too much is refused by name. */
function fields<Shape extends z.ZodRawShape>(what: string, must: string, shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no ${what} ${issue.keys.map((key) => JSON.stringify(key.slice(0, 80))).join(', ')}; there are ${Object.keys(shape).join(', ')}`
        : must,
  });
}

/** The rules of a flag, or its default by itself. */
export function flagRules(name: FlagName): z.ZodType<FlagRules> {
  const value: z.ZodType<FlagValue> = isSwitch(name)
    ? z.boolean('must be true or false')
    : z.enum(ENFORCEMENTS, `must be one of ${ENFORCEMENTS.join(', ')}`);
  const rule = fields('field', 'must be a rule: a value, and vaults or a percentage', {
    value,
    vaults: z
      .array(z.string(ONE_VAULT).refine(isVaultId, ONE_VAULT), 'must be a list of vault ids')
      .optional(),
    percentage: z
      .number('must be a number from 0 to 100')
      .min(0, 'must be a number from 0 to 100')
      .max(100, 'must be a number from 0 to 100')
      .optional(),
  }).refine(
    ({ vaults, percentage }) => (vaults === undefined) !== (percentage === undefined),
    'needs either vaults or a percentage; what holds for all other vaults is the default',
  );
  const whole = fields('field', 'must hold rules or a default', {
    rules: z.array(rule, 'must be a list of rules').default([]),
    default: value.optional(),
  }).refine(
    ({ rules, default: all }) => rules.length > 0 || all !== undefined,
    'must hold rules or a default',
  );
  const isObject = (given: unknown) => typeof given === 'object' && given !== null;
  return z.preprocess((given) => (isObject(given) ? given : { default: given }), whole);
}

const shape = Object.fromEntries(FLAG_NAMES.map((name) => [name, flagRules(name).optional()]));

/** A file of flags. A section without entries is one of nothing. */
export const flagDefinitions: z.ZodType<{ flags: FlagDefinitions }> = fields(
  'section',
  'must hold the section flags',
  { flags: z.preprocess((given) => given ?? {}, fields('flag', 'must be flags by name', shape)) },
).refine((given) => 'flags' in given, 'must hold the section flags');

/** What rules say of a vault. */
export interface Decision {
  readonly value: FlagValue;
  /** As OpenFeature has it. */
  readonly reason: 'TARGETING_MATCH' | 'SPLIT' | 'STATIC';
  readonly why: string;
}

/** Rules that are asked often. */
export class FlagDecider {
  private readonly rules: readonly { value: FlagValue; vaults?: ReadonlySet<string>; percentage?: number }[];
  private readonly otherwise: Decision | undefined;

  /** @param source what the rules are called in explanations */
  constructor(
    private readonly name: FlagName,
    { rules, default: all }: FlagRules,
    private readonly source: string,
  ) {
    this.rules = rules.map(({ vaults, ...rule }) => ({ ...rule, vaults: vaults && new Set(vaults) }));
    const why = rules.length === 0 ? source : `default of ${source}`;
    this.otherwise = all === undefined ? undefined : { value: all, reason: 'STATIC', why };
  }

  /** Undefined where nothing is said of the vault. */
  decide(vault: string): Decision | undefined {
    let bucket: number | undefined;
    for (const [at, { value, vaults, percentage }] of this.rules.entries()) {
      const rule = `rule ${at + 1} of ${this.source}`;
      if (vaults?.has(vault)) return { value, reason: 'TARGETING_MATCH', why: `${rule}: vault listed` };
      if (percentage === undefined) continue;
      bucket ??= bucketOf(this.name, vault);
      if (bucket < percentage) {
        const place = (Math.floor(bucket * 100) / 100).toFixed(2);
        return { value, reason: 'SPLIT', why: `${rule}: ${percentage} %, the vault is at ${place}` };
      }
    }
    return this.otherwise;
  }
}
