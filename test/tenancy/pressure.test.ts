import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusyError } from '../../src/database/busy.error.js';
import { Mutex } from '../../src/database/mutex.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { House, inVault, settle } from './checks/check.js';

let template: string;
beforeAll(async () => {
  template = await makeDatabase('empty', 'sqlite');
});

/** Takes the write lock of argv[1], says so, and keeps it until it is killed. */
const HOLDER = `
  const Database = require('better-sqlite3');
  new Database(process.argv[1]).exec('BEGIN IMMEDIATE');
  console.log('held');
  setInterval(() => {}, 1000);
`;

async function hold(path: string): Promise<ChildProcess> {
  const holder = spawn(process.execPath, ['-e', HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout!, 'data');
  return holder;
}

async function kill(holder: ChildProcess): Promise<void> {
  // One that has ended says so only once.
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  holder.kill('SIGKILL');
  await once(holder, 'close');
}

describe('while another process writes a file', () => {
  let house: House;
  let holder: ChildProcess;
  beforeEach(async () => {
    house = await House.open(template);
    await inVault('A', () => house.add('before'));
    holder = await hold(house.path);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await kill(holder);
    await house.close();
  });

  it('reads go on, and a write goes through when the other ends', async () => {
    let done = false;
    const write = inVault('A', () =>
      house.tenancy.transaction(() => house.add('a')).then(() => (done = true)),
    );
    const single = inVault('B', () => house.add('b'));
    await settle();
    expect(await inVault('A', () => house.ids())).toEqual(['before']);
    expect(await inVault('A', () => house.tenancy.snapshot(() => house.ids()))).toEqual(['before']);
    expect(done).toBe(false);
    holder.kill('SIGKILL');
    await Promise.all([write, single]);
    expect(house.stored()).toEqual(['A/a', 'A/before', 'B/b']);
  });

  it('a write that has waited for 5 s is told that the database is busy, and nothing is left of it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const unit = inVault('A', () => house.tenancy.transaction(() => house.add('a')));
    const failed = expect(unit).rejects.toThrow(BusyError);
    await settle();
    vi.setSystemTime(Date.now() + 5_001);
    await failed;
    const single = inVault('A', () => house.add('b'));
    const refused = expect(single).rejects.toThrow(BusyError);
    await settle();
    vi.setSystemTime(Date.now() + 5_001);
    await refused;
    await kill(holder);
    await inVault('A', () => house.add('c'));
    expect(house.stored()).toEqual(['A/before', 'A/c']);
    holder = await hold(house.path);
  });
});

describe('the mutex of the writers', () => {
  it('serves in the order of asking', async () => {
    const mutex = new Mutex();
    const order: number[] = [];
    const first = await mutex.acquire(1_000);
    const others = [1, 2, 3].map(async (i) => {
      const release = await mutex.acquire(1_000);
      order.push(i);
      release();
    });
    first();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
  });

  it('gives up on a wait that is too long, and does not serve who has given up', async () => {
    const mutex = new Mutex();
    const release = await mutex.acquire(1_000);
    const served = mutex.acquire(1_000);
    await expect(mutex.acquire(1)).rejects.toThrow(BusyError);
    release();
    (await served)();
    (await mutex.acquire(1))();
  });

  it('is given back once, however often it is said', async () => {
    const mutex = new Mutex();
    const first = await mutex.acquire(1_000);
    const second = mutex.acquire(1_000);
    first();
    const release = await second;
    first();
    await expect(mutex.acquire(1)).rejects.toThrow(BusyError);
    release();
    (await mutex.acquire(1))();
  });
});
