import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
  registerDecorator,
  validateSync,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import type { DtoClass } from '../src/http/dto-instance.js';
import { parseJsonText } from '../src/http/json-body.js';
import { passes } from '../src/http/quick-check.js';
import { CreateMemoryDto, PatchMemoryDto } from '../src/memories/memory.dto.js';
import {
  DeleteMemoriesDto,
  ListMemoriesDto,
  MemoryFiltersDto,
  SearchDto,
} from '../src/memories/memory-query.dto.js';
import { hostileJson } from './harness/hostile-values.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('http-quick-check');

const GOOD: Readonly<Record<string, unknown>> = {
  content: 'An owl.',
  query: 'owl',
  tags: ['a', 'b'],
  sectors: ['semantic'],
  sector: 'semantic',
  metadata: { a: 1 },
  filters: undefined,
  created_at: 1,
  expires_at: 2,
  created_after: 1,
  created_before: 2,
  limit: 5,
  min_score: 0.5,
  on_duplicate: 'return',
  order: 'asc',
  count: true,
  dry_run: true,
};

const FIELDS = [...Object.keys(GOOD), 'user_id', 'id', 'session_id', 'collection', 'cursor', 'tag'];

class ConditionDto {
  @IsOptional()
  @IsString({ each: true })
  @MaxLength(3, { each: true })
  names?: string[];

  @IsString({ each: true })
  words: unknown;
}

class InnerDto {
  @IsInt()
  n: number;
}

class NestedDto {
  @ValidateNested()
  @Type(() => InnerDto)
  inner: InnerDto;
}

/** Whether class-validator itself finds nothing wrong. */
const accepts = (instance: object) => validateSync(instance, { forbidUnknownValues: false }).length === 0;

describe('the quick check', () => {
  it.each<[string, DtoClass]>([
    ['CreateMemoryDto', CreateMemoryDto],
    ['PatchMemoryDto', PatchMemoryDto],
    ['ListMemoriesDto', ListMemoriesDto],
    ['DeleteMemoriesDto', DeleteMemoriesDto],
    ['MemoryFiltersDto', MemoryFiltersDto],
    ['ConditionDto', ConditionDto],
  ])('lets pass what class-validator lets pass, and nothing else: %s', (_, dto) => {
    const random = new Random(seed);
    const value = (name: string) => {
      if (random.chance(0.7)) return GOOD[name] ?? 'x';
      try {
        return parseJsonText(hostileJson(random));
      } catch {
        return undefined;
      }
    };
    const outcomes = { passed: 0, refused: 0 };
    for (let i = 0; i < 600; i += 1) {
      const instance = new dto() as Record<string, unknown>;
      for (const name of [...FIELDS, 'names', 'words']) if (random.chance(0.3)) instance[name] = value(name);
      const passed = passes(dto, instance);
      expect([i, passed]).toEqual([i, accepts(instance)]);
      outcomes[passed ? 'passed' : 'refused'] += 1;
    }
    expect(outcomes.passed).toBeGreaterThan(5);
    expect(outcomes.refused).toBeGreaterThan(5);
  });

  it('goes through every check of lists and conditions', () => {
    const cases: [values: Partial<ConditionDto>, passed: boolean][] = [
      [{ words: ['a'] }, true],
      [{ words: [] }, true],
      [{ words: 'a' }, true],
      [{ words: ['a', 1] }, false],
      [{ words: undefined }, false],
      [{ words: 'a', names: null as never }, true],
      [{ words: 'a', names: ['abc', 'abcd'] }, false],
      [{ words: 'a', names: ['abc', 1 as never] }, false],
      [{ words: 1, names: ['abc'] }, false],
    ];
    for (const [values, passed] of cases) {
      const instance = Object.assign(new ConditionDto(), values);
      expect([values, passes(ConditionDto, instance)]).toEqual([values, passed]);
      expect([values, accepts(instance)]).toEqual([values, passed]);
    }
  });

  it('leaves to class-validator what is nested or takes time', () => {
    class SlowDto {
      n = 1;
    }
    registerDecorator({
      name: 'slow',
      target: SlowDto,
      propertyName: 'n',
      async: true,
      validator: { validate: () => Promise.resolve(false) },
    });
    class PromisingDto {
      n = 1;
    }
    registerDecorator({
      name: 'promising',
      target: PromisingDto,
      propertyName: 'n',
      validator: { validate: () => Promise.resolve(false) },
    });
    expect(passes(SlowDto, new SlowDto())).toBe(false);
    expect(passes(PromisingDto, new PromisingDto())).toBe(false);
    const good = Object.assign(new NestedDto(), { inner: Object.assign(new InnerDto(), { n: 1 }) });
    expect([passes(NestedDto, good), accepts(good)]).toEqual([false, true]);
    expect(passes(SearchDto, Object.assign(new SearchDto(), { query: 'owl' }))).toBe(false);
  });
});
