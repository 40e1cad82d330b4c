import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import Database from 'better-sqlite3';
import { step } from './die-before-statement.js';

// Beside SQLite's statements, everything that changes a file or a folder counts as one, and so does every few pages
// of a copy.

const CHANGES = [
  'chmodSync',
  'chownSync',
  'copyFileSync',
  'fsyncSync',
  'openSync',
  'renameSync',
  'rmSync',
] as const;
for (const name of CHANGES) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
    step({});
    return original(...args);
  };
}
syncBuiltinESMExports();

const PAGES = 16;
type Backup = typeof Database.prototype.backup;
const backup = (Database.prototype as { backup: Backup }).backup;
(Database.prototype as { backup: Backup }).backup = function (this: Database.Database, target, options) {
  const progress: NonNullable<typeof options>['progress'] = (info) => {
    step({});
    options?.progress(info);
    return PAGES;
  };
  return backup.call(this, target, { ...options, progress });
};
