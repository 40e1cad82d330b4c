import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { mutants } from './tenancy/mutation-plugin.js';

/** What has nothing to do with PostgreSQL, and is left out of a run on it; why, on the right. */
const WITHOUT_POSTGRES: readonly (readonly [files: string, reason: string])[] = [
  ['test/{backup,restore,restore.kill,file-holders}.test.ts', 'copies of SQLite files'],
  ['test/{verify,verify.damage}.test.ts', 'looks an SQLite file through'],
  [
    'test/{migrations,migrations.*}.test.ts',
    'migrations of SQLite files; those of schemas are in test/postgres',
  ],
  ['test/{unfinished-databases,http-boot}.test.ts', 'what a start makes of an SQLite file'],
  [
    'test/openmemory{.kill,-adoption,-awkward,-erasure,-http,-manual-sql,-output,-ownership}.test.ts',
    'databases of OpenMemory that are SQLite files',
  ],
  [
    'test/openmemory-{recognition,revert,safety,samples,vectors}.test.ts',
    'databases of OpenMemory that are SQLite files',
  ],
  ['test/tenancy-adopt*.test.ts', 'databases of other programs that are SQLite files'],
  ['test/adopted-rows*.test.ts', 'rows as only those files hold them'],
  ['test/service-statements.test.ts', 'statements as SQLite gets them'],
  [
    'test/tenancy/mutants.test.ts',
    'faults of the layer as SQLite shows them; test/postgres has those of its own',
  ],
  ['test/mcp.protocol.test.ts', 'messages before they come to a database'],
  ['test/{auth.*,rollout/enforcement-log}.test.ts', 'tokens, in front of an application of their own'],
  ['test/{http-errors,http-input,http-manners,http-quick-check}.test.ts', 'HTTP, in front of no database'],
  ['test/{openapi,config,json-text,vault-id,token-estimate,api-keys.form}.test.ts', 'no database'],
  ['test/import.{pieces,formats,pg-dump}.test.ts', 'files before they come to a database'],
  ['test/{memories-batch-rows,sectors,users-summary-text,reindex.plan}.test.ts', 'no database'],
  ['test/recall.{block,columns,engine,features,features.*,memory-columns,terms}.test.ts', 'no database'],
  ['test/{ci-workflow,docker,docker.*}.test.ts', 'files that describe how it is built and run'],
  ['test/rollout/flag{s-file,s-provider,s-command,-percentages}.test.ts', 'no database'],
  ['test/bench/*.test.ts', 'the figures of measurements'],
];

const onPostgres = Boolean(process.env.TEST_DATABASE_URL);

export default defineConfig({
  plugins: [mutants()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(onPostgres ? WITHOUT_POSTGRES.map(([files]) => files) : [])],
    globalSetup: ['test/harness/postgres/global-setup.ts'],
    setupFiles: ['test/harness/postgres/drop-databases.ts'],
    // Servers of the tests and of the database ask for their share of the processors too.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // What a mutant leaves undone may fail when nobody waits for it any more; its test has judged it already.
    // The end of its wait for the writer has no more of it in the stack than its name.
    onUnhandledError: (error) => !(error.stack ?? '').includes('?mutant=') && error.name !== 'BusyError',
    // One processor is left to the servers that some tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: { include: ['src/**', 'migrations/**'] },
  },
});
