import 'reflect-metadata';
import { describeChecks } from './describe-checks.js';
import { expiryChecks } from './checks/expiry.js';
import { keptChecks } from './checks/kept.js';
import { nestedChecks } from './checks/nested.js';
import { sharedCommitChecks } from './checks/shared-commits.js';
import { snapshotChecks } from './checks/snapshots.js';
import { unitChecks } from './checks/units.js';

describeChecks('units of work', [
  ...unitChecks,
  ...nestedChecks,
  ...sharedCommitChecks,
  ...keptChecks,
  ...snapshotChecks,
]);
describeChecks('expiring rows', expiryChecks);
