import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Memory } from '../../memories/memory.entity.js';
import { PreparedSelect } from '../../tenancy/prepared-statements.js';
import { ImportLedger, type ImportTarget } from './import-ledger.js';
import { inLists } from './in-lists.js';
import { readData, shaOf, sourceTable } from './ledger-row.js';
import type { MemoryDraft } from './outcome.js';
import type { SourceRow } from './source.js';

const MAX_ID = 255;

export interface Placing {
  readonly row: SourceRow;
  readonly draft: MemoryDraft;
}

/** The id a memory gets; or that it is in the vault, from the same row or from another of the same key. */
export type Place =
  { readonly id: string } | { readonly known: string; readonly userId: string; readonly isSame: boolean };

/** Gives memories that are imported ids that no other memory of the vault has. */
@Injectable()
export class MemoryIds {
  private readonly taken: PreparedSelect<Memory>;

  constructor(
    @InjectRepository(Memory) memories: Repository<Memory>,
    private readonly ledger: ImportLedger,
  ) {
    this.taken = new PreparedSelect(memories, 'm', (query) =>
      query.select(['m.vaultId', 'm.id']).where('m.id IN (:...ids)'),
    );
  }

  /** @returns for each what it gets, in order */
  async place(target: ImportTarget, placings: readonly Placing[]): Promise<Place[]> {
    const places: Place[] = [];
    const here = new Map<string, Placing>();
    let pending = placings.map((placing, i) => ({ placing, i }));
    for (let round = 0; pending.length > 0; round += 1) {
      const wanted = pending.map(({ placing }) => idOf(target, placing, round));
      const holders = await this.holders(target, wanted);
      const left: typeof pending = [];
      for (const [n, one] of pending.entries()) {
        const id = wanted[n];
        const { placing, i } = one;
        const holder = here.get(id) ? holderHere(here.get(id)!, placing) : holders.get(id)?.(placing);
        if (!here.has(id) && !holders.has(id)) {
          here.set(id, placing);
          places[i] = { id };
        } else if (holder) {
          places[i] = { known: id, ...holder };
        } else left.push(one);
      }
      pending = left;
    }
    return places;
  }

  /** By the ids that memories have: what tells whether such a memory came of the same row. */
  private async holders({ system }: ImportTarget, ids: readonly string[]) {
    const holders = new Map<string, (placing: Placing) => Holder | undefined>();
    const taken = await inLists(ids, (some) => this.taken.all({ ids: some }));
    if (taken.length === 0) return holders;
    for (const { id } of taken) holders.set(id, () => undefined);
    const entries = await this.ledger.entriesOfMemories(taken.map(({ id }) => id));
    for (const entry of entries.reverse()) {
      const { memoryId, userId, data, reason } = entry;
      if (!reason.startsWith('imported')) continue;
      holders.set(memoryId!, ({ row }) => {
        if (entry.sourceTable !== sourceTable(system, row.table)) return undefined;
        const { head } = readData(data);
        return head.key === row.key
          ? { userId, isSame: head.sha256 === shaOf(row.table, row.text) }
          : undefined;
      });
    }
    return holders;
  }
}

interface Holder {
  readonly userId: string;
  readonly isSame: boolean;
}

function holderHere(first: Placing, { row }: Placing): Holder | undefined {
  if (first.row.table !== row.table || first.row.key !== row.key || row.key === undefined) return undefined;
  return { userId: first.draft.userId, isSame: first.row.text === row.text };
}

/** What it may be called, the best first; one that is made of its place in the import is free sooner or later. */
function idOf({ importId, system }: ImportTarget, { row, draft }: Placing, round: number): string {
  const told = `${system}:${row.table}:${draft.id}`;
  const names = draft.id === undefined ? [] : told.length <= MAX_ID ? [draft.id, told] : [draft.id];
  const place = `${importId}.${row.ordinal}`;
  return names[round] ?? (round === names.length ? place : `${place}.${round}`);
}
