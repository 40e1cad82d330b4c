// Runs statements for a thread that waits for their answers; see sync-postgres.ts.
import { workerData } from 'node:worker_threads';
import pg from 'pg';

const { port, url, signal } = workerData;
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);
/** Booleans are numbers too, as on SQLite. */
const BOOLEAN = 16;
const parserOf = (oid) =>
  oid === BOOLEAN ? (text) => (text === 't' ? 1 : 0) : pg.types.getTypeParser(oid, 'text');
const types = { getTypeParser: (oid) => (NUMBERS.has(oid) ? Number : parserOf(oid)) };
const client = new pg.Client({ connectionString: url, types });
client.on('error', () => {});
const ready = client.connect();
// Whoever asks hears of it.
ready.catch(() => {});

port.on('message', async ({ sql, values }) => {
  let answer;
  try {
    await ready;
    if (sql === undefined) {
      await client.end();
      answer = {};
    } else {
      const { rows, rowCount } = await client.query(sql, values);
      answer = { rows, rowCount };
    }
  } catch (error) {
    answer = { error: { message: error.message, code: error.code } };
  }
  port.postMessage(answer);
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
  if (sql === undefined) port.close();
});
