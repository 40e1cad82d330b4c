import type { Random } from '../random.js';
import { type OpenMemoryFile, type Value, floats } from './file.js';
import type { Release } from './tables.js';

const PLACES = 'Lisbon Perth Oslo Riga Turin Cusco Hobart Lagos'.split(' ');
const PEOPLE = 'Irene Karl Sofia Maya Leo Hugo Ines Noor'.split(' ');
const TOPICS = 'dentist bakery violin garden train letter harbour concert'.split(' ');
const SECTORS = ['episodic', 'semantic', 'procedural', 'emotional', 'reflective'];
/** 2026-11-20 */
const START = 1_795_166_000_000;

/** What the server makes of an API key, a tenant's name since it has projects. */
export const HASHES = ['01f9350b55022160', '2f245af827dd7892'] as const;

const OWNERS: Readonly<Record<Release, readonly Value[]>> = {
  '1.1.1': [null],
  '1.1.1 without full text': [null],
  '1.2.0': ['alice', 'bob', null],
  '1.2.3': ['alice', 'bob', 'anonymous'],
  '1.3.0': ['alice', 'bob', 'anonymous'],
  HEAD: [...HASHES, 'lg-user-0'],
};

/** A word that no other memory holds. */
export function ownWord(i: number): string {
  return `q${i.toString(36)}zx`;
}

/**
 * Rows as the release's server writes them: each memory with a log, a vector (some with two) and an edge to the
 * one before it of the same owner; users, stats, facts.
 */
export function storePlainRows(file: OpenMemoryFile, random: Random, memories: number, dim = 4): void {
  const last = new Map<Value, string>();
  const vector = () => floats(Array.from({ length: dim }, () => random.next() * 2 - 1));
  for (let i = 0; i < memories; i += 1) {
    const id = `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const owner = random.pick(OWNERS[file.release]);
    const project =
      file.release === 'HEAD' && random.chance(0.2) ? random.pick(['atlas', 'system_global']) : null;
    const sector = random.pick(SECTORS);
    const at = START + i * 1_000 + random.below(900);
    const content =
      `${random.pick(PEOPLE)} went to the ${random.pick(TOPICS)} in ${random.pick(PLACES)} with ` +
      `${random.pick(PEOPLE)} (ref ${i} ${ownWord(i)})`;
    file.insert('memories', {
      id,
      user_id: owner,
      project_id: project,
      segment: 0,
      content,
      simhash: random
        .below(2 ** 31)
        .toString(16)
        .padStart(16, '0'),
      primary_sector: sector,
      tags: random.chance(0.5) ? '[]' : '["legacy","t1"]',
      meta: random.chance(0.5) ? '{}' : '{"source":"legacy-feed","n":1}',
      created_at: at,
      updated_at: at + random.below(2) * 500,
      last_seen_at: at + random.below(2) * 700,
      salience: random.pick([0.4, 0.6000000000000001, 1]),
      decay_lambda: random.pick([0.005, 0.015]),
      version: 1 + random.below(3),
      mean_dim: dim,
      mean_vec: vector(),
      compressed_vec: random.chance(0.1) ? vector() : null,
      feedback_score: 0,
    });
    file.insert('memories_fts', { id, content: `${content} ${content.toLowerCase()}` });
    file.insert('embed_logs', { id, model: 'multi-sector', status: 'completed', ts: at + 20, err: null });
    const sectors = random.chance(0.1)
      ? [sector, random.pick(SECTORS.filter((s) => s !== sector))]
      : [sector];
    for (const name of sectors)
      file.insertVector({ id, sector: name, user_id: owner, project_id: project, v: vector(), dim });
    file.insert('waypoints', {
      src_id: id,
      dst_id: last.get(owner) ?? id,
      user_id: owner,
      project_id: project,
      weight: last.has(owner) ? random.next() : 1,
      created_at: at,
      updated_at: at,
    });
    last.set(owner, id);
  }
  for (const owner of OWNERS[file.release].filter((name) => name !== null))
    file.insert('users', {
      user_id: owner,
      summary: 'User profile initializing...',
      reflection_count: 0,
      created_at: START,
      updated_at: START + 1,
    });
  for (const [i, type] of ['decay', 'qps', 'qps', 'reflect', 'consolidate'].entries())
    file.insert('stats', { type, count: i * 7, ts: START + (i >> 1) });
  storePlainFacts(file, random);
}

function storePlainFacts(file: OpenMemoryFile, random: Random): void {
  for (let i = 0; i < 6; i += 1)
    file.insert('temporal_facts', {
      id: `fact-${i}`,
      // Edges lead from fact to fact, and so within one tenant.
      user_id: OWNERS[file.release][0],
      project_id: i === 5 ? 'atlas' : null,
      subject: random.pick(PEOPLE),
      predicate: 'works_at',
      object: random.pick(PLACES),
      valid_from: START + i,
      valid_to: i % 2 === 0 ? null : START + i + 10,
      confidence: random.pick([0, 0.8, 1]),
      last_updated: START + i,
      metadata: i === 0 ? '{"source":"letter"}' : null,
    });
  for (let i = 0; i < 3; i += 1)
    file.insert('temporal_edges', {
      id: `edge-${i}`,
      source_id: `fact-${i}`,
      target_id: `fact-${i + 1}`,
      relation_type: 'follows',
      valid_from: START + i,
      valid_to: null,
      weight: 0.5,
      metadata: i === 0 ? '{}' : null,
    });
}
