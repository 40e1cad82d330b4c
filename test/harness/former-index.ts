import { termCounts, terms } from '../../src/recall/terms.js';
import { edit } from './database-editor.js';

/** Slots a block of the former format has. */
const SLOTS = 64;

interface Row {
  position: number;
  content: string;
  expires_at: number | null;
}

interface Owner {
  vault_id: string;
  user_id: string;
  next_position: number;
}

/**
 * A slot of format 1: u16 flags (bit 0: tombstone) · u16 m · f64 expiry (Infinity: never) · u32 length · u32 n ·
 * n × u32 term hash, ascending · n × u8 frequency (255: in the list) · m × u32 list.
 */
function formerSlot(row: Row | undefined): Buffer {
  const counts = [...termCounts(terms(row?.content ?? ''))].sort(([a], [b]) => a - b);
  const long = counts.filter(([, count]) => count >= 255);
  const bytes = Buffer.alloc(20 + 5 * counts.length + 4 * long.length);
  bytes.writeUInt16LE(row ? 0 : 1, 0);
  bytes.writeUInt16LE(long.length, 2);
  bytes.writeDoubleLE(row?.expires_at ?? Infinity, 4);
  bytes.writeUInt32LE(
    counts.reduce((sum, [, count]) => sum + count, 0),
    12,
  );
  bytes.writeUInt32LE(counts.length, 16);
  let at = 20;
  for (const [hash] of counts) at = bytes.writeUInt32LE(hash, at);
  for (const [, count] of counts) at = bytes.writeUInt8(Math.min(count, 255), at);
  for (const [, count] of long) at = bytes.writeUInt32LE(count, at);
  return bytes;
}

/** A block of format 1: u8 format · u8 slots · u16 0 · u32 bytes of the whole block · the slots. */
export function formerBlock(slots: readonly (Row | undefined)[]): Buffer {
  const block = Buffer.concat([Buffer.alloc(8), ...slots.map(formerSlot)]);
  block.writeUInt8(1, 0);
  block.writeUInt8(slots.length, 1);
  block.writeUInt32LE(block.length, 4);
  return block;
}

/**
 * Replaces the recall index of the whole database by the one that the version with format 1 would have written:
 * blocks numbered 0, 1, 2, …, and `index_version` 1.
 *
 * @param from the first position that is indexed: 0, or what the adopted memories before it leave open
 */
export function writeFormerIndex(place: string, from = 0): void {
  edit(place, (editor) =>
    editor.transaction(() => {
      editor.run('DELETE FROM term_blocks');
      for (const owner of editor.all<Owner>('SELECT * FROM scopes')) {
        const { vault_id, user_id, next_position } = owner;
        const sql = 'SELECT position, content, expires_at FROM memories WHERE vault_id = ? AND user_id = ?';
        const rows = new Map(editor.all<Row>(sql, vault_id, user_id).map((row) => [row.position, row]));
        let termCount = 0;
        for (let first = from, number = 0; first < next_position; first += SLOTS, number += 1) {
          const length = Math.min(SLOTS, next_position - first);
          const slots = Array.from({ length }, (_, i) => rows.get(first + i));
          for (const row of slots) termCount += row ? terms(row.content).length : 0;
          editor.insert('term_blocks', {
            ...{ vault_id, user_id, block_no: number, first_position: first, slots: length },
            data: formerBlock(slots),
          });
        }
        editor.run(
          'UPDATE scopes SET term_count = ?, index_version = ? WHERE vault_id = ? AND user_id = ?',
          ...[termCount, from === 0 ? 1 : 0, vault_id, user_id],
        );
      }
    }),
  );
}
