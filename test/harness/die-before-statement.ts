import Database from 'better-sqlite3';
import pg from 'pg';

let executed = 0;
let deadline = 0;
let before: (statement: number) => void = () => {};

/**
 * From now on this process kills itself before its statement number `statement`; 0: never. On SQLite only those are
 * counted that can change a file or a lock: to be killed before a plain read is to be killed before the next of
 * them.
 */
export function dieBeforeStatement(statement: number): void {
  deadline = statement;
}

/** From now on `look` is called before each of those statements, with its number. */
export function beforeEachStatement(look: (statement: number) => void): void {
  before = look;
}

/** How many were counted. */
export function statementsExecuted(): number {
  return executed;
}

interface Target {
  /** Of a statement. */
  readonly readonly?: boolean;
  readonly source?: string;
}

/** Counts one statement, or something else that changes files, or dies. */
export function step({ readonly, source }: Target): void {
  if (readonly && !/^\s*(PRAGMA|BEGIN|COMMIT)/i.test(source ?? '')) return;
  executed++;
  if (executed === deadline) process.kill(process.pid, 'SIGKILL');
  before(executed);
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

// And pg runs everything through this one.
const client = pg.Client.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
const { query } = client;
client.query = function (...args) {
  step({});
  return query.apply(this, args);
};
