import Database from 'better-sqlite3';
import { backUpTo } from '../../src/upgrade/backup.js';

// Copies the database argv[2] to argv[3], says so when some pages are there, and stays in the midst of it until it is
// killed.
type Backup = typeof Database.prototype.backup;
const prototype = Database.prototype as { backup: Backup };
const { backup } = prototype;
let turns = 0;
prototype.backup = function (this: Database.Database, target, options) {
  const progress: NonNullable<typeof options>['progress'] = (info) => {
    options?.progress(info);
    turns += 1;
    if (turns === 3) console.log('copying');
    return turns < 3 ? 20 : 0;
  };
  return backup.call(this, target, { ...options, progress });
};

const [, , path, target] = process.argv;
await backUpTo(path, target);
