import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { Collection } from '../../src/collections/collection.entity.js';
import { isPostgres } from '../../src/database/dialect.js';
import { VectorRow } from '../../src/embeddings/vector.entity.js';
import { Fact } from '../../src/facts/fact.entity.js';
import { FactEdge } from '../../src/facts/fact-edge.entity.js';
import { Memory } from '../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../src/memories/memory-version.entity.js';
import { AuditEntry } from '../../src/operations/audit-entry.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { TenantDataSource } from '../../src/tenancy/tenant-data-source.js';
import { Waypoint } from '../../src/waypoints/waypoint.entity.js';
import { canary } from '../harness/tenant-rows.js';
import type { Names, Setting } from './settings.js';

/**
 * What a path does inside the tenant's context:
 * - `scoped`: it works, on the tenant's own rows;
 * - `nothing`: it runs, but there is nothing for it to find or to change;
 * - `refused`: it throws.
 */
export type Outcome = 'scoped' | 'nothing' | 'refused';

/** One way to get at rows. */
export interface Path {
  readonly name: string;
  readonly run: (attempt: Attempt) => unknown;
  /** Of all settings, or of vaults, users and (where it differs from users) users that share. */
  readonly expect: Outcome | readonly [vaults: Outcome, users: Outcome, sharing?: Outcome];
  /** Where it is another on PostgreSQL. */
  readonly expectOnPostgres?: Outcome;
  /** It leaves a plain connection in another state than it found it. */
  readonly unsettling?: true;
  /** It sets what row-level security goes by: of no request's doing, since SQL by hand is refused. */
  readonly setsVault?: true;
  /** It tells that an id of the same vault is taken: intended, since ids are unique in a vault. */
  readonly tellsTakenIds?: true;
}

/** What a path works with: the data source as a service has it, and the names of own and foreign rows. */
export class Attempt {
  readonly own: Names;
  readonly foreign: Names;
  readonly manager: EntityManager;
  /** Whether nothing fills in the vault but the path itself. */
  readonly byHand: boolean;

  constructor(
    readonly dataSource: DataSource,
    setting: Setting,
  ) {
    this.own = setting.own;
    this.foreign = setting.foreign;
    this.manager = dataSource.manager;
    this.byHand = !(dataSource instanceof TenantDataSource);
  }

  private of<E extends ObjectLiteral>(entity: EntityTarget<E>): Repository<E> {
    return this.dataSource.getRepository(entity);
  }

  get memories() {
    return this.of(Memory);
  }
  get versions() {
    return this.of(MemoryVersion);
  }
  get vectors() {
    return this.of(VectorRow);
  }
  get waypoints() {
    return this.of(Waypoint);
  }
  get facts() {
    return this.of(Fact);
  }
  get edges() {
    return this.of(FactEdge);
  }
  get sessions() {
    return this.of(Session);
  }
  get collections() {
    return this.of(Collection);
  }
  get audit() {
    return this.of(AuditEntry);
  }

  /** Whether the database is PostgreSQL. */
  get onPostgres(): boolean {
    return isPostgres(this.dataSource);
  }

  /** SQL with the marks that this database has for its values. */
  marked(sql: string): string {
    let n = 0;
    return this.onPostgres ? sql.replaceAll('?', () => `$${++n}`) : sql;
  }

  /** A query of memories with the alias `m`. */
  query() {
    return this.memories.createQueryBuilder('m');
  }

  /** The vault of a new row, where it must be named. */
  private get vault(): { vaultId?: string } {
    return this.byHand ? { vaultId: this.own.vaultId } : {};
  }

  /** A memory that is not there yet; it belongs to the running scope unless `fields` say otherwise. */
  newMemory(fields: Partial<Memory> = {}): Memory {
    const mark = canary('A', 'u1');
    return this.memories.create({
      ...this.vault,
      id: 'm-new',
      userId: this.own.userId,
      collection: null,
      sessionId: null,
      position: 500,
      content: `${mark}written`,
      primarySector: 'semantic',
      sectors: '[]',
      tags: '[]',
      metadata: '{}',
      contentHash: mark,
      salience: 0.5,
      decayLambda: 0.01,
      lastSeenAt: 1,
      version: 1,
      createdAt: 1,
      updatedAt: 1,
      expiresAt: null,
      ...fields,
    });
  }

  newFact(fields: Partial<Fact> = {}): Fact {
    return this.facts.create({
      ...this.vault,
      id: 'f-new',
      userId: this.own.userId,
      collection: null,
      subject: 'tea',
      predicate: 'is',
      object: `${canary('A', 'u1')}written`,
      validFrom: 1,
      validTo: null,
      confidence: 1,
      metadata: '{}',
      lastUpdated: 1,
      ...fields,
    });
  }

  newVersion(fields: Partial<MemoryVersion> = {}): MemoryVersion {
    return this.versions.create({
      ...this.vault,
      memoryId: this.own.memoryId,
      version: 7,
      userId: this.own.userId,
      content: `${canary('A', 'u1')}written`,
      primarySector: 'semantic',
      sectors: '[]',
      tags: '[]',
      metadata: '{}',
      updatedAt: 1,
      replacedAt: 1,
      ...fields,
    });
  }

  newWaypoint(fields: Partial<Waypoint> = {}): Waypoint {
    return this.waypoints.create({
      ...this.vault,
      srcId: this.own.memoryId,
      dstId: 'm-u1-2',
      type: 'new',
      userId: this.own.userId,
      weight: 1,
      metadata: `"${canary('A', 'u1')}"`,
      createdAt: 1,
      updatedAt: 1,
      ...fields,
    });
  }
}
