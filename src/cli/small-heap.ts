import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of JavaScript objects, dead ones included, up to which nothing is done. */
const AT_LEAST = 96 * 1024 * 1024;
/** Milliseconds between two looks. */
const INTERVAL = 100;

/**
 * Keeps the process of a long command as small as what it needs. Left to itself, V8 lets dead objects pile up in
 * proportion to what a command has allocated so far, so a file ten times as long would take half as much memory again
 * although no more of it is ever in use.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let limit = AT_LEAST;
  setInterval(() => {
    if (getHeapStatistics().used_heap_size < limit) return;
    collect();
    limit = Math.max(AT_LEAST, 2 * getHeapStatistics().used_heap_size);
  }, INTERVAL).unref();
}
