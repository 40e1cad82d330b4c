import type { Collection } from '../../collections/collection.entity.js';
import { hashOf } from '../../memories/memory-change.js';
import type { Memory } from '../../memories/memory.entity.js';
import { DECAY_LAMBDA, initialSalience } from '../../memories/sectors.js';
import type { User } from '../../users/user.entity.js';
import type { Waypoint } from '../../waypoints/waypoint.entity.js';
import { crmNotes } from './crm-notes.js';
import { personal } from './personal.js';
import type { Sample, SampleCollection, SampleLink } from './sample.js';
import { youtubeScripts } from './youtube-scripts.js';

const COLLECTIONS: readonly SampleCollection[] = [youtubeScripts, crmNotes, personal];

/**
 * When the rows were made that have no time of their own: a millisecond in which nobody makes one, so that they are
 * known again.
 */
export const SEEDED_AT = Date.UTC(2025, 8, 1, 4, 5, 6, 789);

/** The rows of the sample data, the same each time; the place of a memory in its owner's index it gets when stored. */
export interface SampleRows {
  readonly collections: readonly Omit<Collection, 'vaultId'>[];
  readonly memories: readonly Omit<Memory, 'vaultId' | 'position'>[];
  readonly waypoints: readonly Omit<Waypoint, 'vaultId'>[];
  readonly users: readonly Omit<User, 'vaultId'>[];
}

export function sampleRows(): SampleRows {
  const memories = COLLECTIONS.flatMap(({ name, memories }) => memories.map((one) => memoryOf(one, name)));
  const owners = new Map(memories.map(({ id, userId }) => [id, userId]));
  return {
    collections: COLLECTIONS.map(({ name, description }) => ({
      ...{ name, description, metadata: '{"sample":true}', createdAt: SEEDED_AT, updatedAt: SEEDED_AT },
    })),
    memories,
    waypoints: COLLECTIONS.flatMap(({ links }) => links.map((link) => waypointOf(link, owners))),
    users: [...new Set(owners.values())].filter((userId) => userId !== '').map(userOf),
  };
}

function idOf(name: string): string {
  return `sample-${name}`;
}

function memoryOf(
  { id, user = '', session, sector, content, tags = [], metadata = {}, at, expires }: Sample,
  collection: string,
): SampleRows['memories'][number] {
  const time = Date.parse(at);
  return {
    ...{ id: idOf(id), userId: user, collection, sessionId: session ?? null, content },
    ...{ contentHash: hashOf(content), primarySector: sector, sectors: JSON.stringify([sector]) },
    ...{ tags: JSON.stringify(tags), metadata: JSON.stringify(metadata) },
    ...{ salience: initialSalience([sector]), decayLambda: DECAY_LAMBDA[sector], version: 1 },
    ...{ createdAt: time, updatedAt: time, lastSeenAt: time },
    expiresAt: expires === undefined ? null : Date.parse(expires),
  };
}

function waypointOf(
  { from, to, type, weight, metadata = {} }: SampleLink,
  owners: ReadonlyMap<string, string>,
): SampleRows['waypoints'][number] {
  const [srcId, dstId] = [idOf(from), idOf(to)];
  const userId = owners.get(srcId)!;
  const times = { createdAt: SEEDED_AT, updatedAt: SEEDED_AT };
  return { srcId, dstId, type, userId, weight, metadata: JSON.stringify(metadata), ...times };
}

function userOf(userId: string): SampleRows['users'][number] {
  const times = { createdAt: SEEDED_AT, updatedAt: SEEDED_AT };
  return {
    ...{ userId, summary: null, summaryManual: false, reflectionCount: 0, ...times },
    ...{ summaryStale: true, summaryAt: null },
  };
}
