import type { Pool, PoolClient, QueryArrayResult } from 'pg';
import type { Scope } from '../../tenancy/scope.js';
import type { Statements, TenantConnections } from '../tenant-connections.js';
import { databaseFailure, isLost } from './database-failure.js';
import { lockKey } from './lock-key.js';
import { PostgresLease } from './postgres-lease.js';
import { release } from './release.js';
import { listedResult, send, statementResult, writes } from './statement.js';
import { VaultTurns } from './vault-turns.js';

/** How long a transaction may take, in ms. */
export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
}

/** A connection of the pool, and how it goes back: once, and not to be used again where it is broken. */
interface Lent {
  readonly client: PoolClient;
  readonly giveBack: (destroy: boolean) => void;
}

/** What every vault id is made of: nothing that ends a string. */
const PLAIN = /^[\w.:-]+$/;

/** How long a writer waits for the others of its vault. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * The connections of one process to PostgreSQL. Every statement runs in a transaction that knows its vault, which
 * is what row-level security goes by; so a connection that is given back knows none.
 *
 * What opens a transaction is sent together with its first statement. `SET LOCAL` stands in a message of its own:
 * Citus passes on to its workers nothing else, and of a message with several statements the whole.
 *
 * The writers of one vault take turns, whichever process they are in: services may so read what they are about to
 * change. Those of other vaults do not wait for them.
 */
export class PostgresConnections implements TenantConnections {
  private readonly beginReading: string;
  private readonly beginSnapshot: string;
  private readonly beginWriting: string;
  private readonly turns = new VaultTurns();

  /** @param schema writers of the same vault's name in another schema do not wait */
  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    { statementTimeoutMs, idleInTransactionTimeoutMs }: TransactionLimits,
  ) {
    const limits =
      `SET LOCAL statement_timeout = ${Math.trunc(statementTimeoutMs)}; ` +
      `SET LOCAL idle_in_transaction_session_timeout = ${Math.trunc(idleInTransactionTimeoutMs)}`;
    this.beginReading = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; ${limits}`;
    this.beginSnapshot = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${limits}`;
    this.beginWriting =
      `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${limits}; ` +
      `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`;
    // Without a listener the loss of a connection would end the process.
    pool.on('error', ignore);
  }

  async begin(scope: Scope, readOnly: boolean): Promise<PostgresLease> {
    const opening = this.openingOf(scope, readOnly ? this.beginSnapshot : this.beginWriting, !readOnly);
    const { client, giveBack } = await this.lend(scope, !readOnly);
    return new PostgresLease(client, giveBack, Promise.all(opening.map((sql) => client.query(sql))));
  }

  alone(scope: Scope): Statements {
    return {
      run: async (sql, values) => statementResult(await this.single(scope, sql, values)),
      list: async (sql, values) => listedResult(sql, await this.single(scope, sql, values, 'array')),
    };
  }

  /** A statement outside any vault: what row-level security keeps is not seen. */
  async look(sql: string): Promise<QueryArrayResult<unknown[]>> {
    const client = await this.connect();
    try {
      const answer = await send(client, sql, [], 'array');
      release(client);
      return answer;
    } catch (error) {
      release(client, isLost(error));
      throw databaseFailure(error);
    }
  }

  /** A statement as a transaction of its own, sent as one. */
  private async single(
    scope: Scope,
    sql: string,
    values: readonly unknown[],
    rowMode?: 'array',
  ): Promise<QueryArrayResult<unknown[]>> {
    const isWriting = writes(sql);
    const opening = this.openingOf(scope, isWriting ? this.beginWriting : this.beginReading, isWriting);
    const { client, giveBack } = await this.lend(scope, isWriting);
    const answers = await Promise.allSettled([
      ...opening.map((text) => client.query(text)),
      send(client, sql, values, rowMode),
      client.query('COMMIT'),
    ]);
    const failed = answers.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    giveBack(failed !== undefined && isLost(failed.reason));
    if (failed) throw databaseFailure(failed.reason);
    const answer = answers[opening.length] as PromiseFulfilledResult<QueryArrayResult<unknown[]>>;
    return answer.value;
  }

  /** The messages that open a transaction. */
  private openingOf({ vaultId }: Scope, begin: string, isWriting: boolean): string[] {
    // It is written into the statement: SET takes no parameter.
    if (!PLAIN.test(vaultId)) throw new TypeError('Not a vault id');
    const setVault = `SET LOCAL app.vault_id = '${vaultId}'`;
    return isWriting ? [begin, setVault, this.turnOf(vaultId)] : [begin, setVault];
  }

  /** Waits until no other transaction writes to the vault; two vaults may, once in 2^64, share a turn. */
  private turnOf(vaultId: string): string {
    return `SELECT pg_advisory_xact_lock(${lockKey(this.schema, vaultId)})`;
  }

  /** A connection for one transaction; a writer's only when it is its turn. */
  private async lend({ vaultId }: Scope, isWriting: boolean): Promise<Lent> {
    const endTurn = isWriting ? await this.turns.take(vaultId, LOCK_TIMEOUT_MS) : undefined;
    try {
      const client = await this.connect();
      return {
        client,
        giveBack: (destroy) => {
          release(client, destroy);
          endTurn?.();
        },
      };
    } catch (error) {
      endTurn?.();
      throw error;
    }
  }

  private async connect(): Promise<PoolClient> {
    try {
      const client = await this.pool.connect();
      // The pool listens to those it keeps; whoever uses one hears of its loss by an answer. Not when they are made:
      // TypeORM has made the first before this is there.
      if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
      return client;
    } catch (error) {
      throw databaseFailure(error);
    }
  }
}

function ignore(): void {}
