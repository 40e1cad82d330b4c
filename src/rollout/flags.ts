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

/**
 * What holds where nothing says otherwise. Settings of the process that came before the flags are the defaults of
 * theirs.
 */
export function defaultFlags({ waypoints, users }: Config): FlagValues {
  return {
    'tenancy.enforcement': 'enforced',
    'tenancy.shared-memories': true,
    'recall.hybrid-fusion': false,
    'recall.waypoints': waypoints.automatic,
    'recall.reinforce-on-read': false,
    'memories.summaries': users.summaries,
    'memories.reflection': users.reflection,
    mcp: true,
    'openmemory-contract': true,
  };
}

/** What holds where flags were set up and none could be had: nobody gets more than without them. */
export function safeFlags(config: Config): FlagValues {
  return { ...defaultFlags(config), 'tenancy.shared-memories': false };
}
