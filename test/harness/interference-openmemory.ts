import fc from 'fast-check';
import { OldMemoriesService } from '../../src/openmemory/old-memories.service.js';
import { OldMemoryList } from '../../src/openmemory/old-memory-list.js';
import { addedMemory, listedMemory, matchOf, wholeMemory } from '../../src/openmemory/old-memory.js';
import { StatsService } from '../../src/stats/stats.service.js';
import { OldUsersService } from '../../src/openmemory/old-users.service.js';
import { namedUser } from '../../src/openmemory/whose.js';
import type { TestService } from './app.js';

/** Requests of clients of OpenMemory, in plans of interference. `who` is named where there is one. */
export type OldOperation<Target> =
  | {
      readonly kind: 'old-add';
      readonly content: string;
      readonly plain: boolean;
      readonly who: string | undefined;
    }
  | {
      readonly kind: 'old-query';
      readonly query: string;
      readonly k: number;
      readonly least: number | undefined;
      readonly who: string | undefined;
    }
  | { readonly kind: 'old-all'; readonly limit: number; readonly who: string | undefined }
  | { readonly kind: 'old-get' | 'old-patch' | 'old-reinforce' | 'old-delete'; readonly target: Target }
  | {
      readonly kind: 'old-summary' | 'old-regenerate' | 'old-user-memories' | 'old-clear';
      readonly who: string;
    }
  | { readonly kind: 'old-users' | 'old-sectors' };

/** One of them as it is sent. @param mark what is put into every field written */
export type OldRequest = OldOperation<string> & { readonly mark: string };

export function oldOperation<Target>(
  target: fc.Arbitrary<Target>,
  text: fc.Arbitrary<string>,
  names: fc.Arbitrary<string>,
): fc.Arbitrary<OldOperation<Target>> {
  const who = fc.option(names, { nil: undefined, freq: 2 });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: of('old-add'), content: text, plain: fc.boolean(), who }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        ...{ kind: of('old-query'), query: text, k: fc.constantFrom(1, 3, 1_000), who },
        least: fc.constantFrom(undefined, 0.5),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: of('old-all'), limit: fc.constantFrom(1, 2, 10_000), who }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom(...(['old-get', 'old-patch', 'old-reinforce', 'old-delete'] as const)),
        target,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          ...(['old-summary', 'old-regenerate', 'old-user-memories', 'old-clear'] as const),
        ),
        who: names,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom(...(['old-users', 'old-sectors'] as const)) }),
    },
  );
}

function of<Kind extends string>(kind: Kind) {
  return fc.constant(kind);
}

function written(request: Extract<OldRequest, { kind: 'old-add' }>) {
  const { content, plain, mark, who } = request;
  return {
    content: mark && !plain ? `${content} ${mark}` : content,
    tags: mark ? [mark] : undefined,
    user_id: who,
  };
}

const changeOf = ({ mark }: OldRequest) => ({ tags: ['patched', ...(mark ? [mark] : [])] });

/** As it goes over HTTP. */
export function httpOfOld(request: OldRequest): [method: string, path: string, body?: object] {
  switch (request.kind) {
    case 'old-add':
      return ['POST', '/memory/add', written(request)];
    case 'old-query': {
      const { query, k, who, least } = request;
      return ['POST', '/memory/query', { query, k, user_id: who, filters: { min_score: least } }];
    }
    case 'old-all': {
      const whose = request.who === undefined ? '' : `&user_id=${encodeURIComponent(request.who)}`;
      return ['GET', `/memory/all?l=${request.limit}${whose}`];
    }
    case 'old-get':
      return ['GET', `/memory/${encodeURIComponent(request.target)}`];
    case 'old-patch':
      return ['PATCH', `/memory/${encodeURIComponent(request.target)}`, changeOf(request)];
    case 'old-reinforce':
      return ['POST', '/memory/reinforce', { id: request.target, boost: 0.3 }];
    case 'old-delete':
      return ['DELETE', `/memory/${encodeURIComponent(request.target)}`];
    case 'old-summary':
      return ['GET', `/users/${encodeURIComponent(request.who)}/summary`];
    case 'old-regenerate':
      return ['POST', `/users/${encodeURIComponent(request.who)}/summary/regenerate`, {}];
    case 'old-user-memories':
      return ['GET', `/users/${encodeURIComponent(request.who)}/memories?limit=3`];
    case 'old-clear':
      return ['DELETE', `/users/${encodeURIComponent(request.who)}/memories`];
    case 'old-users':
      return ['GET', '/users'];
    case 'old-sectors':
      return ['GET', '/sectors'];
  }
}

/** What the services themselves give. */
export async function askOld({ app }: TestService, request: OldRequest): Promise<unknown> {
  const [memories, users] = [app.get(OldMemoriesService), app.get(OldUsersService)];
  const now = Date.now();
  switch (request.kind) {
    case 'old-add': {
      const { content, tags, user_id } = written(request);
      const nothing = { metadata: undefined, project_id: undefined };
      return addedMemory(await memories.add({ content, tags, user_id, ...nothing }));
    }
    case 'old-query': {
      const { query, k, who, least } = request;
      const open = { sector: undefined, sectors: undefined, tags: undefined, min_salience: undefined };
      const whose = { user_id: undefined, project_id: undefined };
      const filters = { ...open, ...whose, min_score: least, startTime: undefined, endTime: undefined };
      const found = await memories.search({ query, k, user_id: who, filters });
      return found.map((one) => matchOf(one, now));
    }
    case 'old-all': {
      const user = namedUser(request.who);
      const owners = user === undefined ? undefined : [user];
      const found = await app.get(OldMemoryList).list({ owners }, { limit: request.limit, offset: 0 });
      return found.map((memory) => listedMemory(memory, now));
    }
    case 'old-get':
      return wholeMemory(await memories.get(request.target, {}), now);
    case 'old-patch': {
      const nothing = { content: undefined, metadata: undefined, user_id: undefined, project_id: undefined };
      return memories.patch(request.target, { ...nothing, ...changeOf(request) });
    }
    case 'old-reinforce':
      return memories.reinforce(request.target, 0.3, {});
    case 'old-delete':
      return memories.delete(request.target, {});
    case 'old-summary':
      return (await users.get(request.who)).summary.text;
    case 'old-regenerate':
      return (await users.regenerate(request.who)).summary.text;
    case 'old-user-memories': {
      const found = await users.memoriesOf(request.who, { limit: 3, offset: 0 });
      return found.map((memory) => listedMemory(memory, now));
    }
    case 'old-clear':
      return users.deleteMemoriesOf(request.who);
    case 'old-users':
      return (await users.list({ limit: 10, offset: 0 })).map(({ userId, summary }) => [
        userId,
        summary.text,
      ]);
    case 'old-sectors':
      return app.get(StatsService).bySector();
  }
}
