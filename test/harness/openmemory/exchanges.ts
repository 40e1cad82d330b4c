import { readFileSync } from 'node:fs';
import type { Answer, Client } from '../app.js';
import { shapeDifference } from './shapes.js';

/** What a client asked OpenMemory's server, and what it was answered, as it was recorded. */
export interface Exchange {
  readonly number: number;
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly response: { readonly status: number; readonly body: unknown };
}

/** All that were recorded, in their order. */
export function recordedExchanges(): Exchange[] {
  const lines = readFileSync('test/fixtures/openmemory/exchanges.jsonl', 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line, expand) as Exchange);
}

/** Long texts are kept as what they repeat. */
function expand(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$repeat' in value)) return value;
  const { $repeat, times } = value as { $repeat: string; times: number };
  return $repeat.repeat(times);
}

const ID = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|session_\d+_[0-9a-f]+)$/;

/** Asks again what was recorded, with the ids that are answered now in place of those that were then. */
export class Replay {
  private readonly ids = new Map<string, string>();

  /** @param credentials of a request, in place of the recorded headers that name somebody */
  constructor(
    private readonly client: Client,
    private readonly credentials: (headers: Readonly<Record<string, string>>) => Record<string, string>,
  ) {}

  async ask({ request, response }: Exchange): Promise<Answer> {
    const { method, path, body, headers } = request;
    const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.client.send(method, this.translated(path), sent && this.translated(sent), {
      // What the client of these tests says of a body by itself, the recorded one did not.
      ...(sent === undefined ? {} : { 'content-type': 'text/plain' }),
      ...this.credentials(headers),
    });
    this.learn(response.body, answer.body);
    return answer;
  }

  private translated(text: string): string {
    let translated = text;
    for (const [recorded, now] of this.ids) translated = translated.replaceAll(recorded, now);
    return translated;
  }

  /** The ids at the same places of two answers are those of the same thing. */
  private learn(recorded: unknown, now: unknown): void {
    if (typeof recorded === 'string' && typeof now === 'string') {
      if (ID.test(recorded) && !this.ids.has(recorded)) this.ids.set(recorded, now);
    } else if (typeof recorded === 'object' && typeof now === 'object' && recorded && now) {
      for (const [name, value] of Object.entries(recorded)) {
        this.learn(value, (now as Record<string, unknown>)[name]);
      }
    }
  }
}

/** What is other than it was recorded, undefined where nothing is: the status, or keys and types of the body. */
export function difference({ response }: Exchange, { status, body, text }: Answer): string | undefined {
  if (status !== response.status) return `status ${status}, not ${response.status}: ${text.slice(0, 200)}`;
  if (typeof response.body === 'string') return text === response.body ? undefined : `text ${text}`;
  return shapeDifference(response.body, body, 'body');
}
