import type { Random } from './random.js';

/** What a memory must say, as far as its writer was told. */
export interface State {
  readonly content: string;
  readonly session: string | null;
  readonly version: number;
}

/** A write that was sent and not answered: it may have happened or not. `to` undefined: a deletion. */
interface Pending {
  readonly id: string;
  readonly to: State | undefined;
}

const WORDS = 'owl barn night window train seat river stone garden letter winter salt'.split(' ');

/** Writes to a server without pause, and keeps account of every answer. */
export class AcknowledgingWriter {
  /** What is there, by id. */
  readonly states = new Map<string, State>();
  /** In doubt; at most one, since it waits for each answer. */
  pending: Pending | undefined;
  acknowledged = 0;
  private made = 0;

  constructor(
    readonly name: string,
    private readonly vault: string,
    private readonly user: string | undefined,
    private readonly random: Random,
  ) {}

  /**
   * Writes until `writes` are acknowledged, or the server goes away.
   *
   * @param onBusy what 503 means: nothing happened, or perhaps it did, since the server's database went away; then
   *   the write stays in doubt
   * @throws for an answer nobody should get
   */
  async write(url: string, writes = Infinity, onBusy: 'again' | 'in doubt' = 'again'): Promise<void> {
    for (const until = this.acknowledged + writes; this.acknowledged < until;) {
      const [method, path, body] = this.next();
      const { id, to } = this.pending!;
      let response: Response;
      try {
        response = await fetch(`${url}/v1/memories${path}`, {
          method,
          headers: {
            'x-vault-id': this.vault,
            ...(this.user && { 'x-user-id': this.user }),
            ...(body && { 'content-type': 'application/json' }),
          },
          body: body && JSON.stringify(body),
        });
        await response.arrayBuffer();
      } catch {
        return;
      }
      if (response.status === 503) {
        if (onBusy === 'again') continue;
        return;
      }
      if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}`);
      this.settle(id, to);
    }
  }

  private settle(id: string, to: State | undefined): void {
    if (to) this.states.set(id, to);
    else this.states.delete(id);
    this.pending = undefined;
    this.acknowledged += 1;
  }

  /** After a stop: what is found there decides what became of the write in doubt. */
  resolve(found: State | undefined): void {
    const { id, to } = this.pending!;
    if (JSON.stringify(found) === JSON.stringify(to)) this.settle(id, to);
    else this.pending = undefined;
  }

  private next(): [method: string, path: string, body?: object] {
    const { random } = this;
    const ids = [...this.states.keys()];
    const kind = ids.length < 3 ? 0 : random.next();
    const content = Array.from({ length: 2 + random.below(8) }, () => random.pick(WORDS)).join(' ');
    if (kind < 0.7) {
      const id = `${this.name}-${(this.made += 1)}`;
      const session = random.chance(0.5) ? `s${random.below(3)}` : null;
      this.pending = { id, to: { content, session, version: 1 } };
      return ['POST', '', { id, content, ...(session && { session_id: session }) }];
    }
    const id = random.pick(ids);
    if (kind >= 0.88) {
      this.pending = { id, to: undefined };
      return ['DELETE', `/${id}`];
    }
    const before = this.states.get(id)!;
    const moves = random.chance(0.3);
    const session = moves ? `s${random.below(3)}` : before.session;
    this.pending = { id, to: { content, session, version: before.version + 1 } };
    return ['PATCH', `/${id}`, { content, ...(moves && { session_id: session }) }];
  }
}

/** Writers to two vaults, in each to two users, one of them from two sides. @param prefix of their names, and of ids */
export function writersOf(random: Random, count: number, prefix = ''): AcknowledgingWriter[] {
  return Array.from({ length: count }, (_, i) => {
    const user = ['ana', 'ana', 'ben', undefined][i >> 1];
    return new AcknowledgingWriter(`${prefix}w${i}`, `vault-${i % 2}`, user, random);
  });
}

/** @returns the acknowledged writes that are not there as they should be */
export function lost(writers: readonly AcknowledgingWriter[], found: ReadonlyMap<string, State>): string[] {
  return writers.flatMap(({ states }) =>
    [...states].flatMap(([id, state]) =>
      JSON.stringify(found.get(id)) === JSON.stringify(state)
        ? []
        : [`${id}: ${JSON.stringify(state)} is ${JSON.stringify(found.get(id))}`],
    ),
  );
}
