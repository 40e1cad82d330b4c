import { withMigrationLock } from '../../src/upgrade/lock.js';

// Takes the migration lock of the file argv[2], says so, and keeps it until it is killed.
await withMigrationLock(process.argv[2], async () => {
  console.log('held');
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
});
