import type { Client } from '../app.js';
import { DatabaseView } from '../database-view.js';
import type { Random } from '../random.js';

export interface StoredMemory {
  readonly vaultId: string;
  readonly id: string;
  readonly content: string;
}

/** How many of its rarest words a memory is searched by. */
const WORDS = 6;

/** Memories chosen at random among those with words of their own, or all where there are not as many. */
export function sampleMemories(path: string, random: Random, wanted: number): StoredMemory[] {
  const left = withOwnWords(readMemories(path));
  const chosen: StoredMemory[] = [];
  while (chosen.length < wanted && left.length > 0) chosen.push(...left.splice(random.below(left.length), 1));
  return chosen;
}

/**
 * Those that can be told by their words: a memory all of whose words another one of its vault holds too (a
 * reflection that quotes it, say) cannot.
 */
function withOwnWords(memories: readonly StoredMemory[]): StoredMemory[] {
  const held = memories.map(({ content }) => wordsOf(content));
  return memories.filter(
    ({ vaultId, content }, i) =>
      !memories.some(
        (other, j) =>
          j !== i && other.vaultId === vaultId && other.content !== content && isWithin(held[i], held[j]),
      ),
  );
}

function isWithin(words: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  if (words.size > others.size) return false;
  for (const word of words) if (!others.has(word)) return false;
  return true;
}

export function readMemories(path: string): StoredMemory[] {
  const view = new DatabaseView(path);
  try {
    return view.all<StoredMemory>(
      'SELECT vault_id AS vaultId, id, content FROM memories ORDER BY vault_id, id',
    );
  } finally {
    view.close();
  }
}

/** Those words of each memory that the fewest memories of its vault hold. */
export function distinctiveWords(memories: readonly StoredMemory[]): (memory: StoredMemory) => string {
  const holders = new Map<string, number>();
  const nameOf = (vaultId: string, word: string) => `${vaultId} ${word}`;
  for (const { vaultId, content } of memories)
    for (const word of wordsOf(content)) {
      const name = nameOf(vaultId, word);
      holders.set(name, (holders.get(name) ?? 0) + 1);
    }
  return ({ vaultId, content }) => {
    const rarity = (word: string) => holders.get(nameOf(vaultId, word))!;
    return [...wordsOf(content)]
      .sort((a, b) => rarity(a) - rarity(b))
      .slice(0, WORDS)
      .join(' ');
  };
}

function wordsOf(content: string): Set<string> {
  return new Set(content.toLowerCase().match(/[\p{L}\p{N}]+/gu));
}

/**
 * Searches each memory by its own words, in its vault.
 *
 * @returns those that did not come first (nor did their like: a memory of the same words may stand before them)
 */
export async function notFoundFirst(
  clientOf: (vaultId: string) => Client,
  memories: readonly StoredMemory[],
  queryOf: (memory: StoredMemory) => string,
): Promise<string[]> {
  const missed: string[] = [];
  for (const memory of memories) {
    const query = queryOf(memory);
    const { status, body } = await clientOf(memory.vaultId).post('/v1/memories/search', { query, limit: 1 });
    const [first] = status === 200 ? body.results : [];
    if (first?.id !== memory.id && first?.content !== memory.content)
      missed.push(`${memory.id} by "${query}": ${status} ${first?.id}`);
  }
  return missed;
}
