import 'reflect-metadata';
import Database from 'better-sqlite3';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';

// Migrates the file argv[2] and kills itself before the statement number argv[3], if there are as many.
// Prints how many statements it took otherwise. Only those are counted that can change a file or a lock: to be
// killed before a plain read is to be killed before the next of them.

const [path, deadline] = [process.argv[2], Number(process.argv[3])];
let executed = 0;

interface Target {
  /** Of a statement. */
  readonly readonly?: boolean;
  readonly source?: string;
}

/** Counts one statement, or dies. */
function step({ readonly, source }: Target): void {
  if (readonly && !/^\s*(PRAGMA|BEGIN|COMMIT)/i.test(source ?? '')) return;
  executed++;
  if (executed === deadline) process.kill(process.pid, 'SIGKILL');
}

// better-sqlite3 runs everything, pragmas and transaction control included, through these methods.
const probe = new Database(':memory:');
const statement = Object.getPrototypeOf(probe.prepare('SELECT 1')) as Record<
  string,
  (...args: unknown[]) => unknown
>;
probe.close();
const patched: [Record<string, (...args: unknown[]) => unknown>, string[]][] = [
  [statement, ['run', 'get', 'all', 'iterate']],
  [Database.prototype as unknown as Record<string, (...args: unknown[]) => unknown>, ['exec', 'close']],
];
for (const [target, methods] of patched) {
  for (const method of methods) {
    const original = target[method];
    target[method] = function (this: Target, ...args) {
      step(this);
      return original.apply(this, args);
    };
  }
}

await migrateDatabase({ path });
console.log(executed);
