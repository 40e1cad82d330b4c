import fc from 'fast-check';
import { type KeyOperation, keyOperation } from './interference-keys.js';
import { type McpOperation, mcpOperation } from './interference-mcp.js';
import { type ResourceOperation, resourceOperation } from './interference-resources.js';
import { type OldOperation, oldOperation } from './interference-openmemory.js';
import { type UserOperation, WHO, userOperation } from './interference-users.js';
import { type WaypointOperation, waypointOperation } from './interference-waypoints.js';

/** Everything that B writes holds this; A must never see it. */
export const CANARY = 'canaryofb';

/** Which memory an operation is about. */
export type Target =
  /** A name from the pool that both sides draw from. */
  | { readonly named: number }
  /** One that this side has made without naming it. */
  | { readonly made: number }
  /** One that the other side has made. */
  | { readonly others: number };

export interface Filter {
  readonly session?: string;
  readonly tag?: string;
  readonly after?: number;
}

/** A memory to be made. */
export interface NewMemory {
  readonly named: number | undefined;
  /** Whose it is, where the caller may name somebody. */
  readonly owner: string | undefined;
  readonly content: string;
  /** For B: whether the content is exactly what A could say, and only the other fields hold the canary. */
  readonly plain: boolean;
  readonly session: string | undefined;
  readonly collection: string | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly when: number;
  readonly once: boolean;
  readonly lasting: boolean;
  readonly sector: string | undefined;
}

export type Operation =
  | ({ readonly kind: 'create' } & NewMemory)
  | { readonly kind: 'batch'; readonly rows: readonly NewMemory[] }
  | { readonly kind: 'get' | 'history'; readonly target: Target }
  | {
      readonly kind: 'patch';
      readonly target: Target;
      readonly content: string | undefined;
      readonly session: string | null | undefined;
      readonly tags: readonly string[] | undefined;
      readonly version: number | undefined;
    }
  | { readonly kind: 'reinforce'; readonly target: Target; readonly amount: number | undefined }
  | { readonly kind: 'delete'; readonly target: Target; readonly version: number | undefined }
  | { readonly kind: 'purge'; readonly filter: Filter; readonly dryRun: boolean }
  | {
      readonly kind: 'list';
      readonly filter: Filter;
      readonly order: 'asc' | 'desc';
      readonly limit: number;
      readonly count: boolean;
    }
  /** The next page of one's own last list, or of the other side's. */
  | { readonly kind: 'next'; readonly others: boolean }
  | {
      readonly kind: 'search';
      readonly query: string;
      readonly filter: Filter;
      readonly limit: number;
      readonly least: number | undefined;
    }
  | {
      readonly kind: 'context';
      readonly query: string;
      readonly filter: Filter;
      readonly tokens: number;
    }
  | { readonly kind: 'whoami' }
  | UserOperation
  | KeyOperation
  | ResourceOperation
  | McpOperation
  | OldOperation<Target>
  | WaypointOperation<Target>;

export interface Step {
  readonly side: 'A' | 'B';
  readonly operation: Operation;
  /** For B: whether it is still under way when the next step begins. */
  readonly together: boolean;
}

/** How many names both sides draw from. */
export const NAMES = 4;

const WORDS = 'owl barn night window train seat 京都 café the'.split(' ');
const text = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 })
  .map((list) => list.join(' '));
const session = fc.constantFrom('s1', 's2');
const tags = fc.subarray(['t1', 't2', 't3']);
const version = fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined, freq: 3 });
const named = fc.nat(NAMES - 1);

const target: fc.Arbitrary<Target> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ named }) },
  { weight: 3, arbitrary: fc.record({ made: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ others: fc.nat(3) }) },
);

/** Two memories. What the other side has made is nothing without it, and so is what one has not made. */
const ends = fc
  .record({ src: target, dst: target })
  .filter(({ src, dst }) => !('others' in src || 'others' in dst) || 'named' in src || 'named' in dst);

const filter: fc.Arbitrary<Filter> = fc.record(
  { session, tag: fc.constantFrom('t1', 't2'), after: fc.constantFrom(1001, 5000) },
  { requiredKeys: [] },
);

const narrowed = filter.filter((one) => Object.keys(one).length > 0);

function of<K extends Operation['kind']>(kind: K) {
  return fc.constant(kind);
}

const newMemory = {
  named: fc.option(named, { nil: undefined }),
  owner: fc.option(WHO, { nil: undefined }),
  content: text,
  plain: fc.boolean(),
  session: fc.option(session, { nil: undefined }),
  collection: fc.constantFrom('c1', 'c2', undefined),
  tags,
  metadata: fc.constantFrom({}, { k: 1 }, { k: 'x', constructor: { a: [null] } }),
  when: fc.integer({ min: 1000, max: 1003 }),
  once: fc.boolean(),
  lasting: fc.boolean(),
  sector: fc.constantFrom(undefined, 'episodic', 'procedural'),
};

const creation = fc.record({ kind: of('create'), ...newMemory });
const listing = fc.record({
  kind: of('list'),
  filter,
  order: fc.constantFrom('asc' as const, 'desc' as const),
  limit: fc.integer({ min: 1, max: 3 }),
  count: fc.boolean(),
});
const paging = fc.record({ kind: of('next'), others: fc.boolean() });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 10, arbitrary: creation },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: of('batch'),
      rows: fc.array(fc.record(newMemory), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: of('get'), target }) },
  { weight: 1, arbitrary: fc.record({ kind: of('history'), target }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: of('patch'),
      target,
      content: fc.option(text, { nil: undefined }),
      session: fc.option(fc.option(session), { nil: undefined }),
      tags: fc.option(tags, { nil: undefined }),
      version,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: of('reinforce'),
      target,
      amount: fc.constantFrom(undefined, 0.5, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: of('delete'), target, version }) },
  { weight: 1, arbitrary: fc.record({ kind: of('purge'), filter: narrowed, dryRun: fc.boolean() }) },
  { weight: 4, arbitrary: listing },
  { weight: 4, arbitrary: paging },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: of('search'),
      query: text,
      filter,
      limit: fc.integer({ min: 1, max: 8 }),
      least: fc.constantFrom(undefined, undefined, 0.3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: of('context'),
      query: text,
      filter,
      tokens: fc.constantFrom(15, 40, 200),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: of('whoami') }) },
  { weight: 6, arbitrary: userOperation },
  { weight: 3, arbitrary: keyOperation },
  { weight: 7, arbitrary: resourceOperation },
  { weight: 6, arbitrary: mcpOperation },
  { weight: 10, arbitrary: oldOperation(target, text, WHO) },
  { weight: 7, arbitrary: waypointOperation(target, ends) },
);

function planOf(operations: fc.Arbitrary<Operation>): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.record({
    side: fc.constantFrom('A' as const, 'B' as const),
    operation: operations,
    together: fc.boolean(),
  });
  return fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });
}

/** Interleaved requests of two sides. */
export const plan = planOf(operation);

/** Of lists above all, and of going on in the other side's: seldom in other plans does a whole page come of it. */
export const planOfLists = planOf(
  fc.oneof(
    { weight: 3, arbitrary: creation },
    { weight: 2, arbitrary: listing.map((list) => ({ ...list, filter: {} })) },
    { weight: 2, arbitrary: paging },
  ),
);

/** Of the very same texts, which in other plans both sides seldom come to store. */
export const planOfEqualTexts = planOf(
  fc.oneof(
    creation.map((one) => ({ ...one, named: undefined, content: 'an owl', plain: true, once: true })),
    fc.constant({ kind: 'old-add', content: 'an owl', plain: true, who: undefined } as const),
  ),
);

/** Of waypoints above all, and of memories for them to join. */
export const planOfWaypoints = planOf(
  fc.oneof({ weight: 2, arbitrary: creation }, { weight: 3, arbitrary: waypointOperation(target, ends) }),
);

/** Of users above all, and of memories that make them known. */
export const planOfUsers = planOf(
  fc.oneof({ weight: 2, arbitrary: creation }, { weight: 3, arbitrary: userOperation }),
);
