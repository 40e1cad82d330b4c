import type { Fact } from '../facts/fact.entity.js';
import type { Found } from '../memories/memory-search.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import type { Memory } from '../memories/memory.entity.js';
import { shownOwner } from '../memories/named-user.js';

// Memories and facts in the shapes that OpenMemory's tools give, and in words.

const MATCH_CHARACTERS = 200;
const PREVIEW_CHARACTERS = 240;

/** A memory that a query has found. */
export function matchOf({ memory, score }: Found, now: number) {
  const { id, content, sectors, primary_sector, salience, last_seen_at } = MemoryDto.of(memory, now);
  return {
    ...{ source: 'hsg', id, score: rounded(score, 4), primary_sector, sectors },
    ...{ salience: rounded(salience, 4), last_seen_at, path: [id], content },
  };
}

export function describeMatches(matches: readonly ReturnType<typeof matchOf>[]): string {
  return matches
    .map(({ primary_sector, score, salience, id, content }, at) => {
      const figures = `score=${score.toFixed(3)} salience=${salience.toFixed(3)}`;
      const preview = cut(content.replace(/\s+/g, ' ').trim(), MATCH_CHARACTERS);
      return `${at + 1}. [${primary_sector}] ${figures} id=${id}\n${preview}`;
    })
    .join('\n\n');
}

/** A fact that a query has found. Times beyond what a date can say (adopted rows may hold them) are null. */
export function factOf({ id, subject, predicate, object, validFrom, validTo, confidence }: Fact) {
  return {
    ...{ source: 'temporal', id, subject, predicate, object },
    ...{ valid_from: isoTime(validFrom), valid_to: validTo === null ? null : isoTime(validTo) },
    ...{ confidence: rounded(confidence, 4), content: `${subject} ${predicate} ${object}` },
  };
}

export function describeFacts(facts: readonly ReturnType<typeof factOf>[], withIds: boolean): string {
  return facts
    .map(({ id, confidence, content }, at) => {
      return `${at + 1}. [fact] confidence=${confidence}${withIds ? ` id=${id}` : ''}\n${content}`;
    })
    .join('\n\n');
}

/** A memory in a list. */
export function itemOf(memory: Memory, now: number) {
  const { id, primary_sector, salience, last_seen_at, content, tags, metadata } = MemoryDto.of(memory, now);
  return {
    ...{ id, primary_sector, salience: rounded(salience, 3), last_seen_at },
    ...{ user_id: shownOwner(memory), project_id: memory.collection },
    ...{ content_preview: cut(content, PREVIEW_CHARACTERS), tags, metadata },
  };
}

export function describeItems(items: readonly ReturnType<typeof itemOf>[]): string {
  return items
    .map(({ primary_sector, salience, id, tags, user_id, project_id, content_preview }, at) => {
      const marks = [
        `salience=${salience}`,
        `id=${id}`,
        ...(tags.length > 0 ? [`tags=${tags.join(', ')}`] : []),
        ...(user_id === null ? [] : [`user=${user_id}`]),
        ...(project_id === null ? [] : [`project=${project_id}`]),
      ];
      return `${at + 1}. [${primary_sector}] ${marks.join(' ')}\n${content_preview}`;
    })
    .join('\n\n');
}

/** A memory as a whole. */
export function wholeOf(memory: Memory, withSectors: boolean, now: number) {
  const { id, content, primary_sector, salience, tags, metadata, sectors, ...rest } = MemoryDto.of(
    memory,
    now,
  );
  const { created_at, updated_at, last_seen_at } = rest;
  return {
    ...{ id, content, primary_sector, salience, decay_lambda: memory.decayLambda },
    ...{ created_at, updated_at, last_seen_at, user_id: shownOwner(memory), tags, metadata },
    ...(withSectors && { sectors }),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The beginning of a text; never half of a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = /[\ud800-\udbff]/.test(text[most - 1]) ? most - 1 : most;
  return `${text.slice(0, end).trimEnd()}...`;
}

function isoTime(time: number): string | null {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
