import { Collection } from '../collections/collection.entity.js';
import { VectorRow } from '../embeddings/vector.entity.js';
import { Fact } from '../facts/fact.entity.js';
import { FactEdge } from '../facts/fact-edge.entity.js';
import { Memory } from '../memories/memory.entity.js';
import { MemoryVersion } from '../memories/memory-version.entity.js';
import { AuditEntry } from '../operations/audit-entry.entity.js';
import { IdempotencyRecord } from '../operations/idempotency-record.entity.js';
import { ScopeRow } from '../recall/scope.entity.js';
import { TermBlock } from '../recall/term-block.entity.js';
import { Session } from '../sessions/session.entity.js';
import { Stat } from '../stats/stat.entity.js';
import { ImportRun } from '../upgrade/import.entity.js';
import { LegacyRow } from '../upgrade/legacy-row.entity.js';
import { User } from '../users/user.entity.js';
import { ApiKey } from '../vaults/api-key.entity.js';
import { Vault } from '../vaults/vault.entity.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';

/** Every entity of the service: the tables of `migrations/`, as TypeORM sees them. */
export const entities = [
  Vault,
  ApiKey,
  User,
  Session,
  Collection,
  Memory,
  MemoryVersion,
  VectorRow,
  ScopeRow,
  TermBlock,
  Waypoint,
  Fact,
  FactEdge,
  Stat,
  AuditEntry,
  IdempotencyRecord,
  ImportRun,
  LegacyRow,
];
