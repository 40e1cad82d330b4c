import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Collection } from '../../collections/collection.entity.js';
import { Fact } from '../../facts/fact.entity.js';
import { Stat } from '../../stats/stat.entity.js';
import { newUser } from '../../users/user-marks.js';
import { User } from '../../users/user.entity.js';
import { type LedgerHead, shaOf } from './ledger-row.js';
import { storable } from './memory-of.js';
import type {
  CollectionDraft,
  Draft,
  FactDraft,
  MemoryDraft,
  StatDraft,
  UserDraft,
  WaypointDraft,
} from './outcome.js';

export type Written =
  | { readonly userId: string; readonly made: LedgerHead['made'] }
  | { readonly status: 'kept' | 'quarantined'; readonly reason: string; readonly userId?: string };

type OtherDraft = Exclude<Draft, MemoryDraft | WaypointDraft>;

/** What PostgreSQL takes into an index, with room for the rest of the key. */
const MAX_INDEXED = 500;

/** Makes users, collections, facts and events of what a source has. What is there already stays as it is. */
@Injectable()
export class OtherDrafts {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(Collection) private readonly collections: Repository<Collection>,
    @InjectRepository(Fact) private readonly facts: Repository<Fact>,
    @InjectRepository(Stat) private readonly stats: Repository<Stat>,
  ) {}

  write(importId: string, draft: OtherDraft, now: number, onPostgres: boolean): Promise<Written> {
    switch (draft.kind) {
      case 'user':
        return this.user(draft, now, onPostgres);
      case 'collection':
        return this.collection(draft, now, onPostgres);
      case 'fact':
        return this.fact(importId, draft, now, onPostgres);
      case 'stat':
        return this.stat(draft, now);
    }
  }

  private async user(draft: UserDraft, now: number, onPostgres: boolean): Promise<Written> {
    const { userId, summary, reflectionCount = 0, createdAt = now } = draft;
    const known = await this.users.findOneBy({ userId });
    const text = summary === undefined ? null : storable(summary, onPostgres);
    if (!known) {
      const row = { ...newUser(userId, now), reflectionCount, createdAt };
      await this.users.insert({ ...row, summary: text, summaryAt: text === null ? null : now });
      return { userId, made: [['users', userId]] };
    }
    if (text === null || known.summary !== null || known.summaryManual) {
      return { status: 'kept', reason: 'the user is there already', userId };
    }
    await this.users.update({ userId }, { summary: text, summaryAt: now });
    return { userId, made: [] };
  }

  private async collection(draft: CollectionDraft, now: number, onPostgres: boolean): Promise<Written> {
    const { name, description, metadata, createdAt = now } = draft;
    if (await this.collections.findOneBy({ name })) {
      return { status: 'kept', reason: 'the collection is there already' };
    }
    const text = description === undefined ? null : storable(description, onPostgres);
    await this.collections.insert({ name, description: text, metadata, createdAt, updatedAt: createdAt });
    return { userId: '', made: [['collections', name]] };
  }

  private async fact(importId: string, draft: FactDraft, now: number, onPostgres: boolean): Promise<Written> {
    const {
      userId,
      subject,
      predicate,
      object,
      validFrom = now,
      validTo = null,
      confidence,
      metadata,
    } = draft;
    if (subject.length > MAX_INDEXED || predicate.length > MAX_INDEXED) {
      return { status: 'quarantined', reason: 'its subject or predicate is too long', userId };
    }
    const id = draft.id ?? `${importId}.${shaOf('facts', JSON.stringify(draft))}`;
    if (await this.facts.findOneBy({ id })) {
      return { status: 'kept', reason: 'a fact with its id is there already', userId };
    }
    const text = (value: string) => storable(value, onPostgres);
    await this.facts.insert({
      ...{ id, userId, collection: null, validFrom, validTo, confidence, metadata },
      ...{ subject: text(subject), predicate: text(predicate), object: text(object) },
      lastUpdated: draft.lastUpdated ?? validFrom,
    });
    return { userId, made: [['facts', id]] };
  }

  private async stat(draft: StatDraft, now: number): Promise<Written> {
    const { userId, type, ts = now, dims } = draft;
    if (await this.stats.findOneBy({ userId, type, ts, dims })) {
      return { status: 'kept', reason: 'the same event is there already', userId };
    }
    await this.stats.insert({ userId, type, ts, dims, count: 1 });
    return { userId, made: [['stats', userId, type, String(ts), dims]] };
  }
}
