import { type MakeDatabase, onSqlite } from './measured-database.js';
import { MeasuredServer } from './measured-server.js';

const STARTS = 5;

/**
 * The CPU time of the built service, in seconds, from the start of its process until it answers that it is
 * ready. A file of SQLite is made in this time, a database on PostgreSQL before.
 *
 * @returns one figure a start
 */
export async function measureColdStarts(makeDatabase: MakeDatabase = onSqlite): Promise<number[]> {
  const seconds: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    const server = await MeasuredServer.start('src/main.js', makeDatabase);
    try {
      const answer = await fetch(`${server.baseUrl}/health/ready`);
      if (answer.status !== 200) throw new Error(`GET /health/ready: ${answer.status}`);
      seconds.push((await server.cpuMicroseconds()) / 1e6);
    } finally {
      await server.stop();
    }
  }
  return seconds;
}
