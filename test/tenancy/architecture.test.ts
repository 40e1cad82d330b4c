import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Source {
  readonly path: string;
  /** Without comments. */
  readonly code: string;
  /** What it imports: paths from the root of the project, or names of packages. Types do not count. */
  readonly imports: readonly string[];
}

const STATEMENT = /^(?:import|export)\s+(?!type\b)([^'"]*?\sfrom\s+)?'([^']+)'/gm;
const ONLY_TYPES = /^\{\s*(?:type\s+[\w\s]+,?\s*)+\}\s+from\s+$/;

const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

function read(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const imports = [...text.matchAll(STATEMENT)]
    .filter(([, names]) => names === undefined || !ONLY_TYPES.test(names))
    .map(([, , from]) =>
      from.startsWith('.') ? normalize(join(dirname(path), from)).replace(/\.js$/, '.ts') : from,
    );
  return { path, code: text.replaceAll(COMMENT, ''), imports };
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => join('src', name))
  .filter((path) => path.endsWith('.ts'))
  .map(read);

const within =
  (...folders: string[]) =>
  ({ path }: Source) =>
    folders.some((folder) => path.startsWith(`src/${folder}`));
const outside = (...folders: string[]) => sources.filter((source) => !within(...folders)(source));

/** The files whose code holds this text. */
function holding(text: RegExp, among: readonly Source[] = sources): string[] {
  return among.filter(({ code }) => text.test(code)).map(({ path }) => path);
}

function importing(what: RegExp, among: readonly Source[] = sources): string[] {
  return among.filter(({ imports }) => imports.some((name) => what.test(name))).map(({ path }) => path);
}

describe('who knows what', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(80);
    expect(read('src/tenancy/tripwire.ts').imports).toContain('src/tenancy/sql-analysis.ts');
  });

  it('a data source without tenants is for migrations and commands', () => {
    expect(holding(/new DataSource\(/, outside('upgrade/', 'cli/'))).toEqual([]);
    expect(importing(/plain-data-source/, outside('upgrade/', 'cli/'))).toEqual([]);
  });

  it('of the upgrade the service knows the entities, and what makes the database ready', () => {
    const known = outside('upgrade/', 'cli/').flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith('src/upgrade/') && !name.endsWith('.entity.ts'))
        .map((name) => `${path} > ${name}`),
    );
    expect(known).toEqual([]);
    expect(holding(/import\('\.\/upgrade\//)).toEqual(['src/main.ts']);
  });

  it('nothing but the database folder and the upgrade opens a connection', () => {
    expect(importing(/^better-sqlite3$/)).toEqual([]);
    expect(holding(/\('better-sqlite3'\)/, outside('database/', 'upgrade/'))).toEqual(['src/main.ts']);
    expect(holding(/databaseConnection/, outside('database/', 'upgrade/'))).toEqual([]);
  });

  it('SQL is written by query builders', () => {
    expect(holding(/\.query\(|\.sql`|\bsql`/, outside('tenancy/', 'database/', 'upgrade/', 'cli/'))).toEqual(
      [],
    );
  });

  it('the internals of TypeORM are touched in few places', () => {
    expect(importing(/^typeorm\/./, outside('tenancy/', 'database/', 'upgrade/'))).toEqual([]);
    expect(
      holding(
        /createQueryRunner|getQueryAndParameters|escapeQueryWithParameters/,
        outside('tenancy/', 'database/', 'upgrade/'),
      ),
    ).toEqual([]);
  });

  it('only the tenancy layer has the values that a scope stands for', () => {
    expect(importing(/tenancy\/tenant-values/, outside('tenancy/'))).toEqual([]);
    expect(holding(/\bTenantValue\b|TENANT_PARAMETERS/, outside('tenancy/'))).toEqual([]);
  });

  it('only the tenancy layer and the database know units of work from inside', () => {
    expect(importing(/tenancy\/unit-of-work/, outside('tenancy/', 'database/'))).toEqual([]);
    expect(holding(/TenantContext\.(unit|runInUnit)\(/, outside('tenancy/', 'database/'))).toEqual([]);
  });

  it('the context is kept in one place, by run() alone', () => {
    expect(holding(/AsyncLocalStorage\b/)).toEqual(['src/tenancy/tenant-context.ts']);
    expect(holding(/\.enterWith\(/)).toEqual([]);
  });
});

/** Files that do what needs a reason, with the reason. */
type Exceptions = Readonly<Record<string, string>>;

describe('who makes and widens scopes', () => {
  it.each<[what: string, text: RegExp, exceptions: Exceptions]>([
    ['enters a request’s scope', /TenantContext\.enter\(/, { 'src/auth/auth.guard.ts': 'the one guard' }],
    [
      'opens a request’s context',
      /TenantContext\.runRequest\(/,
      { 'src/http/request-hooks.ts': 'every request' },
    ],
    [
      'runs in a scope of its own making',
      /TenantContext\.run\(/,
      {
        'src/vaults/vaults.service.ts': 'the guard asks for the state of the vault before there is a scope',
        'src/cli/api-key-command.ts': 'a command, in the context of the vault whose keys it makes',
        'src/vaults/api-key-check.ts': 'looks a key up in the vault it names, before there is a scope',
        'src/vaults/api-key-uses.ts': 'writes down when keys were used, in the context of their vault',
        'src/memories/expiry-sweep.ts': 'a job, in the context of the vault it sweeps',
        'src/recall/reindexer.ts': 'a job, in the context of the vault whose index it rebuilds',
        'src/operations/vault-timers.ts': 'a job, in the context of the vault it follows',
        'src/stats/stats-counter.ts': 'writes down what was counted, in the context of its vault',
        'src/vaults/vault-operations.ts': 'what an operator does with a vault happens in its own context',
        'src/upgrade/import/import-run.ts': 'a command, in the context of the vault it imports into',
        'src/mcp/local-caller.ts': 'whoever started the process of stdio, in the vault it was started for',
      },
    ],
    [
      'leaves the user for the vault',
      /TenantContext\.asVault\(/,
      {
        'src/memories/memories.service.ts': 'a change goes on when its row expires in its midst',
        'src/memories/memory-creator.ts': 'an id is unique in the vault',
        'src/memories/memory-history.ts': 'keeps a former state when its row expires in its midst',
        'src/memories/memory-remover.ts': 'removes what has expired since it was read',
        'src/memories/memory-reinforcement.ts': 'goes on when its row expires in its midst',
        'src/recall/row-encoder.ts': 'what has expired keeps its place in the index until it is removed',
        'src/users/user-figures.ts': 'takes what has expired off the count of a user',
        'src/users/user-erasure.ts': 'erases what has expired, and what the service keeps of a user',
        'src/vaults/api-keys.service.ts':
          'keys are closed to users, who may have keys of their own all the same',
      },
    ],
    [
      'sees expired rows',
      /includeExpired: true/,
      {
        'src/memories/expiry-sweep.ts': 'removes them',
        'src/recall/reindexer.ts': 'keeps their places',
        'src/vaults/vault-operations.ts': 'erases them too',
        'src/upgrade/import/import-run.ts': 'their ids are taken',
      },
    ],
    [
      'makes a scope',
      /makeScope\(/,
      {
        'src/auth/auth.guard.ts': 'of a verified credential',
        'src/vaults/vaults.service.ts': 'see above',
        'src/cli/api-key-command.ts': 'see above',
        'src/vaults/api-key-check.ts': 'see above',
        'src/vaults/api-key-uses.ts': 'see above',
        'src/memories/expiry-sweep.ts': 'see above',
        'src/recall/reindexer.ts': 'see above',
        'src/operations/vault-timers.ts': 'see above',
        'src/stats/stats-counter.ts': 'see above',
        'src/vaults/vault-operations.ts': 'see above',
        'src/upgrade/import/import-run.ts': 'see above',
        'src/mcp/local-caller.ts': 'see above',
      },
    ],
  ])('%s', (_, text, exceptions) => {
    expect(holding(text, outside('tenancy/')).sort()).toEqual(Object.keys(exceptions).sort());
  });

  it('names the vault only where that is not a condition', () => {
    const exceptions: Exceptions = {
      'src/memories/memories.service.ts': 'a change leaves the vault as it is',
      'src/memories/memory-creator.ts': 'the answer to a creation is the row as it was inserted',
      'src/memories/expiry-sweep.ts': 'remembers which vault was swept when',
      'src/mcp/local-caller.ts': 'the vault that the process was started for',
      'src/metamorph/metamorph-memories.controller.ts': 'the answer says whose it is',
      'src/metamorph/metamorph-sessions.controller.ts': 'the answer says whose it is',
      'src/metamorph/metamorph-sessions.service.ts': 'the row of a new session as it is inserted',
      'src/recall/index-upkeep.ts': 'goes from vault to vault, and remembers what it repaired when',
      'src/recall/recall-reader.ts': 'what it keeps in memory is kept by vault',
      'src/recall/reindexer.ts': 'rebuilds the index of the vault it is told',
      'src/rollout/flag-client.ts': 'flags are asked for by vault',
      'src/rollout/flags.service.ts': 'flags are asked for by vault',
      'src/users/user-marks.ts': 'the row of a new user as it is inserted',
      'src/users/erasure-plan.ts': 'the part of a key that is the same in all of a vault',
      'src/operations/idempotency.ts': 'requests of one vault wait for each other, in memory',
      'src/operations/vault-timers.ts': 'remembers in which vault a job waits',
      'src/operations/row-eraser.ts': 'reads the key of a table that has no other part',
      'src/stats/stats-counter.ts': 'counts in memory, by vault',
      'src/waypoints/automatic-waypoints.ts': 'the row of a new waypoint as it is inserted',
      'src/waypoints/edge-reader.ts': 'what a row is read into',
      'src/waypoints/waypoint-lister.ts': 'what a row is read into',
      'src/waypoints/waypoints.service.ts': 'the answer to a creation is the row as it was inserted',
    };
    const among = outside(
      'tenancy/',
      'database/',
      'auth/',
      'http/',
      'rollout/',
      'upgrade/',
      'cli/',
      'client/',
    ).filter(
      // The vaults folder is about nothing else; what is a condition there the tripwire sees.
      ({ path }) => !path.endsWith('.entity.ts') && !path.startsWith('src/vaults/'),
    );
    const naming = holding(/\bvault_?id\b/i, among);
    expect(naming.filter((path) => !(path in exceptions))).toEqual([]);
  });
});

describe('the layers', () => {
  it('edges translate, services decide: nobody but its module knows a controller', () => {
    const knowing = importing(/\.controller\.ts$/);
    expect(knowing.filter((path) => !path.endsWith('.module.ts'))).toEqual([]);
  });

  it('edges touch no data', () => {
    const edges = sources.filter(({ path }) => path.endsWith('.controller.ts'));
    expect(edges.length).toBeGreaterThan(2);
    expect(importing(/^(typeorm|@nestjs\/typeorm)$/, edges)).toEqual([]);
    expect(holding(/Repository</, edges)).toEqual([]);
  });

  /** Which folder may use which; a folder's own files apart. */
  const USES: Readonly<Record<string, readonly string[]>> = {
    config: ['auth', 'rollout'],
    tenancy: ['auth', 'database', 'vaults'],
    database: ['config', 'tenancy', 'the entities'],
    http: ['config', 'database', 'tenancy', 'vaults'],
    auth: ['config', 'http', 'rollout', 'tenancy', 'vaults'],
    health: ['auth', 'config', 'http', 'recall', 'tenancy', 'upgrade'],
    vaults: ['auth', 'config', 'database', 'http', 'memories', 'operations', 'tenancy', 'waypoints'],
    recall: ['config', 'memories', 'tenancy'],
    memories: [
      'auth',
      'embeddings',
      'http',
      'operations',
      'recall',
      'rollout',
      'stats',
      'tenancy',
      'users',
      'vaults',
      'waypoints',
    ],
    sessions: ['auth', 'http', 'memories', 'tenancy'],
    metamorph: ['auth', 'http', 'memories', 'sessions', 'tenancy', 'vaults'],
    documents: ['auth', 'http', 'memories', 'tenancy'],
    openmemory: [
      'auth',
      'config',
      'documents',
      'http',
      'memories',
      'operations',
      'rollout',
      'stats',
      'tenancy',
      'users',
    ],
    collections: ['auth', 'http', 'memories', 'tenancy', 'vaults'],
    mcp: [
      'auth',
      'collections',
      'config',
      'facts',
      'http',
      'memories',
      'rollout',
      'stats',
      'tenancy',
      'vaults',
      'waypoints',
    ],
    stats: ['auth', 'http', 'memories', 'tenancy', 'vaults'],
    operations: ['auth', 'http', 'tenancy'],
    users: [
      'auth',
      'config',
      'http',
      'memories',
      'operations',
      'recall',
      'rollout',
      'stats',
      'tenancy',
      'upgrade',
      'vaults',
      'waypoints',
    ],
    embeddings: ['memories', 'tenancy'],
    rollout: ['auth', 'config', 'http', 'recall', 'stats', 'tenancy', 'vaults'],
    waypoints: ['auth', 'http', 'memories', 'recall', 'rollout', 'tenancy', 'vaults'],
    upgrade: [
      'config',
      'database',
      'http',
      'memories',
      'recall',
      'rollout',
      'stats',
      'tenancy',
      'users',
      'vaults',
      'waypoints',
      'the entities',
    ],
    cli: ['auth', 'config', 'http', 'mcp', 'rollout', 'tenancy', 'upgrade', 'vaults'],
  };
  const folderOf = (path: string) => /^src\/(\w+)\//.exec(path)?.[1] ?? '';

  it('depend on each other as they are meant to', () => {
    const unexpected = sources.flatMap(({ path, imports }) => {
      const folder = folderOf(path);
      if (folder === '') return [];
      const allowed = USES[folder] ?? ['tenancy'];
      return imports
        .filter(
          (name) => folderOf(name) !== '' && folderOf(name) !== folder && !allowed.includes(folderOf(name)),
        )
        .filter((name) => !(allowed.includes('the entities') && name.endsWith('.entity.ts')))
        .map((name) => `${path} > ${name}`);
    });
    expect(unexpected).toEqual([]);
  });

  it('the tenancy layer knows no feature', () => {
    const known = sources
      .filter(within('tenancy/'))
      .flatMap(({ imports }) =>
        imports.filter((name) => name.startsWith('src/') && !name.startsWith('src/tenancy/')),
      );
    expect([...new Set(known)].sort()).toEqual([
      'src/database/dialect.ts',
      'src/database/text-cache.ts',
      'src/vaults/vault-id.ts',
    ]);
  });
});
