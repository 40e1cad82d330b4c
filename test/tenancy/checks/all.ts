import type { Check } from './check.js';
import { contextChecks } from './context.js';
import { expiryChecks } from './expiry.js';
import { interleavedChecks } from './interleaved.js';
import { keptChecks } from './kept.js';
import { nestedChecks } from './nested.js';
import { sharedCommitChecks } from './shared-commits.js';
import { snapshotChecks } from './snapshots.js';
import { unitChecks } from './units.js';

/** What holds of the tenancy layer beside the access paths. */
export const CHECKS: readonly Check[] = [
  ...contextChecks,
  ...unitChecks,
  ...nestedChecks,
  ...sharedCommitChecks,
  ...keptChecks,
  ...snapshotChecks,
  ...expiryChecks,
  ...interleavedChecks,
];
