import { PreparedInsert } from '../../../src/tenancy/prepared-insert.js';
import { PreparedSelect, PreparedUpdate } from '../../../src/tenancy/prepared-statements.js';
import { TENANT_PARAMETERS } from '../../../src/tenancy/tenant-values.js';
import type { Fact } from '../../../src/facts/fact.entity.js';
import type { Attempt, Path } from '../attempt.js';

const byId = (t: Attempt) =>
  new PreparedSelect(t.memories, 'm', (query) =>
    query.where('m.id = :id').orderBy('m.version', 'DESC').limit(1),
  );
const rewrite = (t: Attempt) => new PreparedUpdate(t.facts, { object: ':object' }, 'id = :id OR 1=1');

/** As many as one statement takes. */
const manyFacts = (t: Attempt, last: Partial<Fact>) =>
  Array.from({ length: 20 }, (_, i) =>
    t.newFact({ vaultId: 'A', id: `many-${i}`, ...(i === 19 ? last : {}) }),
  );

/** Statements that are written once. */
export const preparing: readonly Path[] = [
  { name: 'prepared select', run: (t) => byId(t).one({ id: t.own.memoryId }), expect: 'scoped' },
  {
    name: "prepared select of another's id",
    run: (t) => byId(t).one({ id: t.foreign.memoryId }),
    expect: 'nothing',
  },
  {
    name: 'prepared select of an expired row',
    run: (t) => byId(t).one({ id: 'm-u1-expired' }),
    expect: 'nothing',
  },
  {
    name: 'prepared select with the scope’s own names',
    run: (t) => {
      const [vault, user, now] = Object.keys(TENANT_PARAMETERS);
      return byId(t).one({ [vault]: 'B', [user]: 'u2', [now]: 0, id: t.own.memoryId });
    },
    expect: 'scoped',
  },
  {
    name: 'prepared select with a subselect',
    run: (t) =>
      new PreparedSelect(t.memories, 'm', (query) =>
        query.where('m.id IN (SELECT memory_id FROM vectors)'),
      ).one({}),
    expect: 'refused',
  },
  {
    name: 'prepared update',
    run: (t) => rewrite(t).run({ object: 'x', id: t.own.factId }),
    expect: 'scoped',
  },
  {
    name: 'prepared update of the owner',
    run: (t) =>
      new PreparedUpdate(t.facts, { userId: ':user' }, 'id = :id').run({ user: 'u2', id: t.own.factId }),
    expect: 'refused',
  },
  {
    name: "prepared update of a reference to another's row",
    run: (t) =>
      new PreparedUpdate(t.edges, { targetId: ':to' }, 'id = :id').run({ to: t.foreign.factId, id: 'e-u1' }),
    expect: 'refused',
  },
  {
    name: 'prepared insert',
    run: (t) => new PreparedInsert(t.facts).run(t.newFact({ vaultId: 'A' })),
    expect: 'scoped',
  },
  {
    name: 'prepared insert into another vault',
    run: (t) => new PreparedInsert(t.facts).run(t.newFact({ vaultId: 'B' })),
    expect: 'refused',
  },
  {
    name: 'prepared insert for another user',
    run: (t) => new PreparedInsert(t.facts).run(t.newFact({ vaultId: 'A', userId: 'u2' })),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'prepared insert of many, the last into another vault',
    run: (t) => new PreparedInsert(t.facts).runMany(manyFacts(t, { vaultId: 'B' })),
    expect: 'refused',
  },
  {
    name: 'prepared insert of many, the last for another user',
    run: (t) => new PreparedInsert(t.facts).runMany(manyFacts(t, { userId: 'u2' })),
    expect: ['scoped', 'refused'],
  },
  {
    name: "prepared insert of a reference to another's row",
    run: (t) =>
      new PreparedInsert(t.versions).run(t.newVersion({ vaultId: 'A', memoryId: t.foreign.memoryId })),
    expect: 'refused',
  },
];
