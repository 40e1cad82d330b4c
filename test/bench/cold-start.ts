import { MeasuredServer } from './measured-server.js';

const STARTS = 5;

/**
 * The CPU time of the built service, in seconds, from the start of its process until it answers that it is
 * ready: on an empty folder, so the making of the database is in it.
 *
 * @returns one figure a start
 */
export async function measureColdStarts(starts = STARTS): Promise<number[]> {
  const seconds: number[] = [];
  for (let n = 0; n < starts; n++) {
    const server = await MeasuredServer.start('src/main.js');
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
