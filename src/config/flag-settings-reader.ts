import { resolve } from 'node:path';
import type { FlagRules } from '../rollout/flag-rules.js';
import { FLAG_NAMES, type FlagName } from '../rollout/flags.js';
import { type SettingName, type SettingReader, has, named } from './setting-reader.js';

/** Where feature flags come from; without any of it they have their defaults. */
export interface FlagSettings {
  /** Absolute; not together with a provider. */
  readonly file?: string;
  /** An OpenFeature provider. */
  readonly provider?: {
    /** A package's name, or a path. */
    readonly module: string;
    /** Where relative paths start. */
    readonly folder: string;
  };
  /** Of flags that have a setting of their own. */
  readonly settings: Readonly<Partial<Record<FlagName, FlagRules>>>;
  /** The default of its flag. */
  readonly hybridFusion: boolean;
}

/** The setting of a flag, such as `FLAG_TENANCY_ENFORCEMENT`. */
export function flagSettingName(flag: FlagName): SettingName {
  return `FLAG_${flag.replaceAll(/[.-]/g, '_').toUpperCase()}` as SettingName;
}

export function readFlags(reader: SettingReader, cwd: string): FlagSettings {
  const file = reader.value('FLAGS_FILE');
  const module = reader.value('FLAGS_PROVIDER');
  if (reader.given('FLAGS_FILE') && reader.given('FLAGS_PROVIDER')) {
    reader.problems.push(
      'FLAGS_FILE and FLAGS_PROVIDER are both set, and flags come from one of them: keep the one that decides.',
    );
  }
  const given = FLAG_NAMES.filter((flag) => reader.given(flagSettingName(flag)));
  if (reader.given('FLAGS_PROVIDER') && given.length > 0) {
    const names = given.map(flagSettingName);
    reader.warnings.push(`${named(names)} ${has(names)} no effect: FLAGS_PROVIDER decides.`);
  }
  return {
    file: file === undefined ? undefined : resolve(cwd, file),
    provider: module === undefined ? undefined : { module, folder: cwd },
    settings: Object.fromEntries(
      given.map((flag) => [flag, reader.value(flagSettingName(flag)) as FlagRules | undefined]),
    ),
    hybridFusion: reader.value('OM_HYBRID_FUSION') ?? false,
  };
}
