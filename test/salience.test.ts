import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  isReinforced,
  reinforcedSalience,
  reinforcementGain,
  salienceAt,
  salienceInSectors,
} from '../src/memories/salience.js';
import { DECAY_LAMBDA, SECTORS, type Sector, initialSalience } from '../src/memories/sectors.js';
import { TestService } from './harness/app.js';
import { later } from './harness/clock.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { memoryRows } from './harness/memory-rows.js';
import { randomSeed } from './harness/seed.js';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

const memory = (salience: number, sectors: readonly Sector[] = ['semantic'], lastSeenAt = NOW) => ({
  salience,
  sectors: JSON.stringify(sectors),
  decayLambda: DECAY_LAMBDA[sectors[0]],
  lastSeenAt,
});

describe('salience', () => {
  it.each(SECTORS)('of a %s memory fades by its λ for each whole day', (sector) => {
    const one = memory(0.8, [sector]);
    expect(salienceAt(one, NOW)).toBe(0.8);
    expect(salienceAt(one, NOW + DAY - 1)).toBe(0.8);
    for (const days of [1, 2, 30, 400]) {
      expect(salienceAt(one, NOW + days * DAY)).toBeCloseTo(0.8 * Math.exp(-DECAY_LAMBDA[sector] * days), 15);
    }
  });

  it('does not grow when the clock is set back', () => {
    expect(salienceAt(memory(0.4), NOW - 1000 * DAY)).toBe(0.4);
    expect(salienceAt(memory(0.4), NOW - 1)).toBe(0.4);
  });

  it('is in [0, 1] and never grows with time, whatever a row holds', () => {
    const value = fc.oneof(fc.double(), fc.double({ min: 0, max: 1, noNaN: true }));
    const sectors = fc.oneof(
      fc.subarray([...SECTORS], { minLength: 1 }).map((list) => JSON.stringify(list)),
      fc.constantFrom('', '[]', '{}', 'null', '["made up"]', '[1,[],"semantic"]'),
    );
    const row = fc.record({
      salience: value,
      decayLambda: value,
      lastSeenAt: fc.integer({ min: 0, max: 8.64e15 }),
      sectors,
    });
    const time = fc.integer({ min: 0, max: 8.64e15 });
    const seed = randomSeed('salience');
    fc.assert(
      fc.property(row, time, time, fc.double({ min: 1e-9, max: 1, noNaN: true }), (one, t, u, amount) => {
        const [early, late] = [salienceAt(one, Math.min(t, u)), salienceAt(one, Math.max(t, u))];
        expect(early).toBeLessThanOrEqual(1);
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(early);
        const gain = reinforcementGain(one, t);
        expect(gain).toBeGreaterThanOrEqual(0);
        if (gain > 0) expect(isReinforced(one)).toBe(true);
        const after = reinforcedSalience(one, amount, t);
        expect(after).toBeGreaterThanOrEqual(salienceAt(one, t));
        expect(after).toBeLessThanOrEqual(1);
        expect(reinforcementGain({ ...one, salience: after, lastSeenAt: t }, t)).toBeGreaterThan(0);
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('gains by reinforcement, and the gain fades; without one it is 0 at any age', () => {
    const sectors: Sector[] = ['emotional', 'episodic'];
    const fresh = memory(initialSalience(sectors), sectors);
    expect(isReinforced(fresh)).toBe(false);
    expect(reinforcementGain(fresh, NOW)).toBe(0);
    expect(reinforcementGain(fresh, NOW + 1000 * DAY)).toBe(0);
    const once = { ...fresh, salience: reinforcedSalience(fresh, 0.1, NOW) };
    expect(once.salience).toBeCloseTo(0.55, 15);
    expect(isReinforced(once)).toBe(true);
    const gains = [0, 1, 2, 3, 4, 5].map((days) => reinforcementGain(once, NOW + days * DAY));
    expect(gains[0]).toBeCloseTo(0.05, 15);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    expect(new Set(gains).size).toBe(6);
    expect(reinforcementGain(once, NOW + 10 * DAY)).toBe(0);
  });

  it('is as strong after the reinforcement of an old memory as after that of a new one', () => {
    const old = memory(0.4, ['episodic'], NOW - 1000 * DAY);
    expect(salienceAt(old, NOW)).toBeLessThan(1e-6);
    expect(reinforcedSalience(old, 0.1, NOW)).toBe(reinforcedSalience(memory(0.4), 0.1, NOW));
  });

  it('follows the sectors, without becoming a reinforcement or losing one', () => {
    const seed = randomSeed('salience in sectors');
    const sectors = fc.subarray([...SECTORS], { minLength: 1 });
    fc.assert(
      fc.property(sectors, sectors, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, gain) => {
        const one = memory(initialSalience(from), from);
        const moved = { ...memory(0, to), salience: salienceInSectors(one, to) };
        expect(moved.salience).toBe(initialSalience(to));
        expect(isReinforced(moved)).toBe(false);
        const strong = { ...one, salience: Math.min(1, one.salience + gain) };
        const after = { ...memory(0, to), salience: salienceInSectors(strong, to) };
        const kept = Math.min(1 - initialSalience(to), strong.salience - one.salience);
        expect(after.salience - initialSalience(to)).toBeCloseTo(kept, 12);
      }),
      { seed },
    );
  });
});

describe('over HTTP', () => {
  let service: TestService;
  let view: DatabaseView;

  beforeAll(async () => {
    service = await TestService.start();
    view = new DatabaseView(service.databasePath);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  afterAll(async () => {
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    view.close();
    await service.stop();
  });

  it('reads show it faded, the same the whole day, and write nothing', async () => {
    const { body: stored } = await service
      .as('fading', 'u')
      .post('/v1/memories', { content: 'The owl is a bird.', sector: 'episodic' });
    expect(stored).toMatchObject({ salience: 0.4, last_seen_at: stored.created_at });
    const before = memoryRows(view, 'fading');
    later(10 * DAY);
    const client = service.as('fading', 'u');
    const { body: read, headers } = await client.get(`/v1/memories/${stored.id}`);
    expect(read).toEqual({ ...stored, salience: 0.344283 });
    expect(headers.get('etag')).toBe('"1"');
    expect((await client.get('/v1/memories')).body.items).toEqual([read]);
    const { body: found } = await client.post('/v1/memories/search', { query: 'owl' });
    expect(found.results).toMatchObject([read]);
    later(11 * DAY - 60_000);
    expect((await service.as('fading', 'u').get(`/v1/memories/${stored.id}`)).body).toEqual(read);
    expect(memoryRows(view, 'fading')).toBe(before);
  });

  it('begins to fade when the memory came about, not before', async () => {
    const client = service.as('times', 'u');
    const past = await client.post('/v1/memories', {
      content: 'Long ago.',
      created_at: Date.now() - 100 * DAY,
    });
    expect(past.body.salience).toBe(0.242612);
    const future = await client.post('/v1/memories', {
      content: 'Later.',
      created_at: Date.now() + 100 * DAY,
    });
    expect(future.body.salience).toBe(0.4);
  });

  it('age lowers no score', async () => {
    const texts = ['The owl sat in the barn.', 'An owl flew over the barn at night.', 'Barn doors are red.'];
    const scores = async (vault: string, created_at: number) => {
      const client = service.as(vault, 'u');
      for (const [i, content] of texts.entries()) {
        await client.post('/v1/memories', { id: `m${i}`, content, created_at: created_at + i });
      }
      const { body } = await client.post('/v1/memories/search', { query: 'owl in the barn' });
      return body.results.map(({ id, score }: { id: string; score: number }) => [id, score]);
    };
    const young = await scores('young', Date.now() - 1000);
    expect(young).toHaveLength(3);
    expect(await scores('old', Date.now() - 3000 * DAY)).toEqual(young);
  });

  it('a change of sectors moves the starting point with it', async () => {
    const client = service.as('sectors', 'u');
    const content = 'Yesterday I felt so happy: first open the box, then click the button.';
    const { body: stored } = await client.post('/v1/memories', { id: 'm', content });
    expect(stored.sectors.length).toBeGreaterThan(1);
    expect(stored.salience).toBeGreaterThan(0.4);
    expect((await client.patch('/v1/memories/m', { sector: 'semantic' })).body.salience).toBe(0.4);
    expect((await client.patch('/v1/memories/m', { content })).body.salience).toBe(stored.salience);
  });
});
