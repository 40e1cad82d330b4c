import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationRefusedError } from '../../migration-refused.error.js';

const TRIES = 8;
const LEAST_WAIT_S = 1;
const MOST_WAIT_S = 60;
const ANSWER_WITHIN_MS = 60_000;
/** Statuses after which it is worth asking again: too many requests, and faults of the server's own. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

const KEY_HINT = ': is IMPORT_API_KEY right?';
const MOVED_HINT = ', which leads elsewhere: give that address';
const HINTS: Readonly<Record<number, string>> = {
  ...{ 401: KEY_HINT, 403: KEY_HINT },
  ...{ 301: MOVED_HINT, 302: MOVED_HINT, 303: MOVED_HINT, 307: MOVED_HINT, 308: MOVED_HINT },
};

export interface LiveApiOptions {
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestsPerSecond: number;
  /** Is told of each wait that a server asks for. */
  readonly onWait?: (seconds: number, reason: string) => void;
}

/** A server that is asked for pages, as fast as it allows: no faster than told, and after the time it asks for. */
export class LiveApi {
  private next = 0;

  constructor(
    private readonly base: URL,
    private readonly options: LiveApiOptions,
  ) {}

  /**
   * @param path relative to the address that was given
   * @param body is sent as JSON, by POST; without one it is a GET
   * @returns the answer's text, which is JSON
   * @throws MigrationRefusedError where the server does not answer, refuses, or says what is no JSON
   */
  async ask(path: string, query: Readonly<Record<string, string>> = {}, body?: object): Promise<string> {
    const url = new URL(`${this.base.pathname.replace(/\/$/, '')}${path}`, this.base);
    url.search = new URLSearchParams(query).toString();
    for (let tried = 1; ; tried += 1) {
      await this.turn();
      const outcome = await this.once(url, body);
      if (typeof outcome === 'string') return checked(url, outcome);
      if (!outcome.isPassing || tried === TRIES) {
        throw new MigrationRefusedError(`${url.origin}${url.pathname}: ${outcome.reason}`);
      }
      const seconds = Math.min(Math.max(outcome.wait ?? 2 ** (tried - 1), LEAST_WAIT_S), MOST_WAIT_S);
      this.options.onWait?.(seconds, outcome.reason);
      await sleep(seconds * 1000);
    }
  }

  /** Waits until the next request may be sent. */
  private async turn(): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.next);
    this.next = at + 1000 / this.options.requestsPerSecond;
    if (at > now) await sleep(at - now);
  }

  private async once(
    url: URL,
    body: object | undefined,
  ): Promise<string | { reason: string; isPassing: boolean; wait?: number }> {
    try {
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        headers: {
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
          ...this.options.headers,
        },
        body: body && JSON.stringify(body),
        // Elsewhere the key is nobody's business.
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const text = await response.text();
      if (response.ok) return text;
      const { status, headers } = response;
      return {
        reason: `the server answers ${status}${HINTS[status] ?? ''}`,
        isPassing: PASSING.has(status),
        wait: secondsOf(headers.get('retry-after')),
      };
    } catch (error) {
      const { message, cause } = error as Error;
      const why = cause instanceof Error && cause.message ? cause.message : message;
      return { reason: `there is no answer (${why})`, isPassing: true };
    }
  }
}

/** `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). */
function secondsOf(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.ceil(seconds) : undefined;
}

function checked(url: URL, text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new MigrationRefusedError(`${url.origin}${url.pathname} answers what is not JSON. Is it the API?`);
  }
}
