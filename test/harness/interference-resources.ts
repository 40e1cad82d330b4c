import fc from 'fast-check';
import { MemoryDto } from '../../src/memories/memory-view.dto.js';
import { CollectionsService } from '../../src/collections/collections.service.js';
import { DocumentsService, textOf } from '../../src/documents/documents.service.js';
import { MetamorphMemoriesService } from '../../src/metamorph/metamorph-memories.service.js';
import { MetamorphSessionsService } from '../../src/metamorph/metamorph-sessions.service.js';
import { OldDashboard } from '../../src/openmemory/old-dashboard.js';
import { OldIde } from '../../src/openmemory/old-ide.js';
import { SessionsService } from '../../src/sessions/sessions.service.js';
import { StatsService } from '../../src/stats/stats.service.js';
import { OwnVaultService } from '../../src/vaults/own-vault.service.js';
import type { TestService } from './app.js';

const EDITOR_QUERY = 'owl anna seats north';

/** Requests about sessions, collections, stats and one's own vault, in plans of interference. */
export type ResourceOperation =
  | { readonly kind: 'sessions' | 'collections' | 'documents'; readonly limit: number }
  | {
      readonly kind: 'session' | 'delete-session' | 'ingest' | 'document' | 'delete-document';
      readonly id: string;
    }
  | { readonly kind: 'metamorph-session' | 'metamorph-delete'; readonly id: string }
  | { readonly kind: 'metamorph-sessions' | 'metamorph-memories'; readonly limit: number }
  | { readonly kind: 'collection' | 'describe' | 'redescribe' | 'delete-collection'; readonly name: string }
  | { readonly kind: 'dashboard-stats' | 'dashboard-top' | 'dashboard-projects' | 'editor-context' }
  | { readonly kind: 'editor-patterns'; readonly id: string }
  | { readonly kind: 'stats' | 'vault' };

export const resourceOperation: fc.Arbitrary<ResourceOperation> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'sessions' as const,
      'collections' as const,
      'documents' as const,
      'metamorph-sessions' as const,
      'metamorph-memories' as const,
    ),
    limit: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'session' as const,
      'metamorph-session' as const,
      'delete-session' as const,
      'ingest' as const,
      'document' as const,
      'delete-document' as const,
      'metamorph-delete' as const,
    ),
    id: fc.constantFrom('s1', 's2'),
  }),
  fc.record({
    kind: fc.constantFrom(
      'collection' as const,
      'describe' as const,
      'redescribe' as const,
      'delete-collection' as const,
    ),
    name: fc.constantFrom('c1', 'c2'),
  }),
  fc.record({ kind: fc.constantFrom('stats' as const, 'vault' as const) }),
  fc.record({
    kind: fc.constantFrom(
      'dashboard-stats' as const,
      'dashboard-top' as const,
      'dashboard-projects' as const,
      'editor-context' as const,
    ),
  }),
  fc.record({ kind: fc.constant('editor-patterns' as const), id: fc.constantFrom('s1', 's2') }),
);

/** @param mark what is put into every field written */
export type ResourceRequest = ResourceOperation & { readonly mark: string };

/** As it goes over HTTP. */
export function httpOfResources(request: ResourceRequest): [method: string, path: string, body?: object] {
  const description = `About it. ${request.mark}`;
  switch (request.kind) {
    case 'sessions':
    case 'collections':
    case 'documents':
      return ['GET', `/v1/${request.kind}?limit=${request.limit}`];
    case 'session':
      return ['GET', `/v1/sessions/${request.id}/memories?limit=2`];
    case 'delete-session':
      return ['DELETE', `/v1/sessions/${request.id}`];
    case 'ingest':
      return ['POST', '/v1/documents', { ...documentOf(request) }];
    case 'document':
      return ['GET', `/v1/documents/${request.id}/content`];
    case 'delete-document':
      return ['DELETE', `/v1/documents/${request.id}`];
    case 'metamorph-sessions':
      return ['GET', `/api/sessions?limit=${request.limit}`];
    case 'metamorph-memories':
      return ['GET', `/api/memories?limit=${request.limit}&minImportance=0.01`];
    case 'metamorph-session':
      return ['GET', `/api/sessions/${request.id}`];
    case 'metamorph-delete':
      return ['DELETE', `/api/sessions/${request.id}`];
    case 'collection':
      return ['GET', `/v1/collections/${request.name}`];
    case 'describe':
      return ['POST', '/v1/collections', { name: request.name, description }];
    case 'redescribe':
      return ['PATCH', `/v1/collections/${request.name}`, { description }];
    case 'delete-collection':
      return ['DELETE', `/v1/collections/${request.name}`];
    case 'dashboard-stats':
      return ['GET', '/dashboard/stats'];
    case 'dashboard-top':
      return ['GET', '/dashboard/top-memories?limit=3'];
    case 'dashboard-projects':
      return ['GET', '/dashboard/projects'];
    case 'editor-context':
      return ['POST', '/api/ide/context', { query: EDITOR_QUERY, k: 3 }];
    case 'editor-patterns':
      return ['GET', `/api/ide/patterns/${request.id}`];
    case 'stats':
      return ['GET', '/v1/stats?from=0&to=86400000'];
    case 'vault':
      return ['GET', '/v1/vault'];
  }
}

/** In two sections, so that each has a neighbour. */
function documentOf({ id, mark }: { readonly id: string; readonly mark: string }) {
  const content = `An owl of the north. ${mark}\n\n${'-'.repeat(480)}\n\nAnna saw it. ${mark}`;
  return { id, content, section_size: 500, created_at: 20_000 };
}

/** What the services themselves give. */
export async function askResources({ app }: TestService, request: ResourceRequest): Promise<unknown> {
  const [sessions, collections] = [app.get(SessionsService), app.get(CollectionsService)];
  const description = `About it. ${request.mark}`;
  switch (request.kind) {
    case 'sessions': {
      const { items, nextCursor } = await sessions.list({ limit: request.limit });
      return { items, next_cursor: nextCursor };
    }
    case 'collections': {
      const { items, nextCursor } = await collections.list({ limit: request.limit });
      return { items: items.map(({ name, count }) => ({ name, count })), next_cursor: nextCursor };
    }
    case 'session': {
      const { items, nextCursor } = await sessions.memoriesOf(request.id, { limit: 2 });
      return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor };
    }
    case 'delete-session':
      return sessions.delete(request.id, undefined);
    case 'documents': {
      const { items, nextCursor } = await app.get(DocumentsService).list({ limit: request.limit });
      return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor };
    }
    case 'ingest':
      return (await app.get(DocumentsService).create(documentOf(request))).sections.map(({ id }) => id);
    case 'document':
      return textOf(await app.get(DocumentsService).get(request.id));
    case 'delete-document':
      return app.get(DocumentsService).delete(request.id);
    case 'metamorph-sessions':
      return app.get(MetamorphSessionsService).list(request.limit);
    case 'metamorph-memories': {
      const { items, total } = await app.get(MetamorphMemoriesService).list({ limit: request.limit });
      return { items: items.map((memory) => MemoryDto.of(memory)), total };
    }
    case 'metamorph-session':
      return app.get(MetamorphSessionsService).get(request.id);
    case 'metamorph-delete':
      return app.get(MetamorphSessionsService).delete(request.id);
    case 'collection':
      return (await collections.get(request.name)).count;
    case 'describe':
      return (await collections.create({ name: request.name, description })).count;
    case 'redescribe':
      return (await collections.describe(request.name, { description })).count;
    case 'delete-collection':
      return collections.delete(request.name);
    case 'dashboard-stats':
      return app.get(OldDashboard).sectors(undefined, 0);
    case 'dashboard-top':
      return (await app.get(OldDashboard).strongest(undefined, 3)).map(({ id }) => id);
    case 'dashboard-projects':
      return app.get(OldDashboard).projects(10);
    case 'editor-context':
      return (await app.get(OldIde).search({ query: EDITOR_QUERY, k: 3 })).map(({ memory, score }) => [
        memory.id,
        score,
      ]);
    case 'editor-patterns':
      return (await app.get(OldIde).patterns(request.id, 3)).map(({ id }) => id);
    case 'stats':
      return app.get(StatsService).read({ from: 0, to: 86_400_000 });
    case 'vault': {
      const { createdAt, ...rest } = await app.get(OwnVaultService).read();
      return { ...rest, written: createdAt !== null };
    }
  }
}
