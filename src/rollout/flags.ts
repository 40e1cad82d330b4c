import type { Config } from '../config/config.js';

/** How tokens without a vault claim are dealt with. */
export const ENFORCEMENTS = ['legacy', 'shadow', 'enforced'] as const;

export type Enforcement = (typeof ENFORCEMENTS)[number];

/** What the flags of one vault say. The names are those by which an OpenFeature provider knows them. */
export interface FlagValues {
  readonly 'tenancy.enforcement': Enforcement;
  /** Whether the vault's own setting `share_unowned` has an effect. */
  readonly 'tenancy.shared-memories': boolean;
  /** Nothing asks for it yet: there are no embeddings to be joined with words. */
  readonly 'recall.hybrid-fusion': boolean;
  /** Whether new memories are joined to those before them. */
  readonly 'recall.waypoints': boolean;
  /** Whether what a search returns is reinforced by it. */
  readonly 'recall.reinforce-on-read': boolean;
  /** Whether summaries of users are made by themselves. */
  readonly 'memories.summaries': boolean;
  /** Whether memories that repeat themselves are reflected on without being asked. */
  readonly 'memories.reflection': boolean;
  /** Whether the vault's callers have `/mcp`. */
  readonly mcp: boolean;
  /** Whether the vault's callers have the routes of OpenMemory. */
  readonly 'openmemory-contract': boolean;
}

export type FlagName = keyof FlagValues;

export type FlagValue = FlagValues[FlagName];

const KINDS: Readonly<Record<FlagName, 'enforcement' | 'switch'>> = {
  'tenancy.enforcement': 'enforcement',
  'tenancy.shared-memories': 'switch',
  'recall.hybrid-fusion': 'switch',
  'recall.waypoints': 'switch',
  'recall.reinforce-on-read': 'switch',
  'memories.summaries': 'switch',
  'memories.reflection': 'switch',
  mcp: 'switch',
  'openmemory-contract': 'switch',
};

export const FLAG_NAMES = Object.keys(KINDS) as readonly FlagName[];

/** Whether a flag is true or false, and no word. */
export function isSwitch(name: FlagName): boolean {
  return KINDS[name] === 'switch';
}

/** Whether a flag may have this value. */
export function isValueOf(name: FlagName, value: unknown): value is FlagValue {
  return isSwitch(name) ? typeof value === 'boolean' : ENFORCEMENTS.some((word) => word === value);
}

/** What of the configuration the flags depend on. */
export type FlagsConfig = Pick<Config, 'flags' | 'waypoints' | 'users'>;

/**
 * What holds where nothing says otherwise. Settings of the process that came before the flags are the defaults of
 * theirs.
 */
export function defaultFlags({ flags, waypoints, users }: FlagsConfig): FlagValues {
  return {
    'tenancy.enforcement': 'enforced',
    'tenancy.shared-memories': true,
    'recall.hybrid-fusion': flags.hybridFusion,
    'recall.waypoints': waypoints.automatic,
    'recall.reinforce-on-read': false,
    'memories.summaries': users.summaries,
    'memories.reflection': users.reflection,
    mcp: true,
    'openmemory-contract': true,
  };
}

/** What holds where flags were set up and none could be had: nobody gets more than without them. */
export function safeFlags(config: FlagsConfig): FlagValues {
  return { ...defaultFlags(config), 'tenancy.shared-memories': false };
}
