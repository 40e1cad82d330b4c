import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { mutants } from './tenancy/mutation-plugin.js';

export default defineConfig({
  plugins: [mutants()],
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/harness/postgres/global-setup.ts'],
    setupFiles: ['test/harness/postgres/drop-databases.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // What a mutant leaves undone may fail when nobody waits for it any more; its test has judged it already.
    // The end of its wait for the writer has no more of it in the stack than its name.
    onUnhandledError: (error) => !(error.stack ?? '').includes('?mutant=') && error.name !== 'BusyError',
    // One processor is left to the servers that some tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: { include: ['src/**', 'migrations/**'] },
  },
});
