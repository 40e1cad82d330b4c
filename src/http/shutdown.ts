import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Drain } from './drain.js';
import type { Log } from './logger.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** How often connections that have become idle are closed while we wait for the busy ones. Milliseconds. */
const IDLE_SWEEP_INTERVAL = 50;
/** Kept back from the time allowed, for closing the database after requests have been cut off. */
const CLOSING_RESERVE_MS = 500;

/**
 * Stops in order: not ready, no new connections, the requests in flight finish, the database closes. What is
 * not done `timeoutMs` after the beginning is cut off.
 *
 * @returns whether everything finished by itself
 */
export async function stop(app: NestFastifyApplication, timeoutMs: number): Promise<boolean> {
  const drain = app.get(Drain, { strict: false });
  drain.begin();
  const sweep = setInterval(() => drain.closeIdle(), IDLE_SWEEP_INTERVAL);
  let finished = true;
  const cut = setTimeout(
    () => {
      finished = false;
      drain.closeAll();
    },
    Math.max(0, timeoutMs - CLOSING_RESERVE_MS),
  );
  try {
    // The server first and by itself: closing the application begins with modules that requests may need.
    await app.getHttpAdapter().close();
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
  return finished;
}

/** A Ctrl-C under npm arrives twice, from the terminal and from npm: within this, it is one. Milliseconds. */
const ONE_SIGNAL_MS = 500;

/** Stops on SIGTERM and SIGINT, and ends the process within `timeoutMs`; a second signal ends it at once. */
export function stopOnSignals(app: NestFastifyApplication, timeoutMs: number, log: Log): void {
  let began: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (began !== undefined) {
      if (performance.now() - began < ONE_SIGNAL_MS) return;
      log.warn({ signal }, 'Second signal: ending now');
      process.exit(1);
    }
    began = performance.now();
    log.info({ signal }, 'Stopping');
    setTimeout(() => {
      log.warn('Stopping took too long: ending now');
      process.exit(1);
    }, timeoutMs).unref();
    stop(app, timeoutMs).then(
      (finished) => {
        log[finished ? 'info' : 'warn'](finished ? 'Stopped' : 'Stopped; requests were cut off');
        process.exit(finished ? 0 : 1);
      },
      () => process.exit(1),
    );
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}
