import { defineConfig } from 'vitest/config';
import { mutants } from './tenancy/mutation-plugin.js';

export default defineConfig({
  plugins: [mutants()],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // What a mutant leaves undone may fail when nobody waits for it any more; its test has judged it already.
    onUnhandledError: (error) => !(error.stack ?? '').includes('?mutant='),
    maxWorkers: 2,
    coverage: { include: ['src/**', 'migrations/**'] },
  },
});
