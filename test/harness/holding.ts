import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startBuilt } from './built.js';

/** Starts a built file that says a word when it has got hold of something, and waits for the word. */
export async function holding(source: string, args: readonly string[]): Promise<ChildProcess> {
  const child = startBuilt(source, args);
  let complaints = '';
  child.stderr!.on('data', (chunk) => (complaints += chunk));
  const exit = once(child, 'exit').then(() => Promise.reject(new Error(`It ended: ${complaints}`)));
  await Promise.race([once(child.stdout!, 'data'), exit]);
  // Its end is no failure from here on.
  exit.catch(() => {});
  return child;
}

/** Ends it, and waits until it is gone. */
export async function endedBy(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
