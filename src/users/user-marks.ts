import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { PreparedInsert } from '../tenancy/prepared-insert.js';
import { PreparedSelect, PreparedUpdate } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { User } from './user.entity.js';

/**
 * Told of users whose memories have changed, in the scope that changed them, once that is committed. It must
 * neither throw nor wait.
 */
export type ChangeListener = (userIds: readonly string[]) => void;

/**
 * Notes on the rows of users what happens to their memories: every user has a row from the first write on, and
 * a summary that no longer follows the memories is marked stale. Every method belongs in the unit of work that
 * writes the memories, so that a crash can come between a change and the summary's making, but not between a
 * change and its mark. "No owner" is no user.
 */
@Injectable()
export class UserMarks {
  private readonly listeners: ChangeListener[] = [];
  private readonly marksOf: PreparedSelect<User>;
  private readonly insert: PreparedInsert<User>;
  private readonly markStale: PreparedUpdate<User>;
  private readonly dropSummary: PreparedUpdate<User>;

  constructor(
    @InjectRepository(User) users: Repository<User>,
    private readonly tenancy: Tenancy,
  ) {
    // Without the summary, which may be long and is not looked at.
    this.marksOf = new PreparedSelect(users, 'u', (query) =>
      query.select(['u.summaryStale', 'u.summaryManual']).where('u.userId = :userId').limit(1),
    );
    this.insert = new PreparedInsert(users);
    this.markStale = new PreparedUpdate(users, { summaryStale: ':stale' }, 'userId = :userId');
    this.dropSummary = new PreparedUpdate(
      users,
      { summaryStale: ':stale', summary: ':none', summaryAt: ':none' },
      'userId = :userId AND summaryManual = :manual',
    );
  }

  onChange(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** For owners of memories that are stored or changed; each as often as it comes. */
  async touched(userIds: Iterable<string>): Promise<void> {
    const users = namedIn(userIds);
    for (const userId of users) {
      const user = await this.tenancy.keptOrRead('users', userId, () => this.marksOf.one({ userId }));
      if (!user) await this.insert.run(newUser(userId, Date.now()));
      // A summary that is marked stays so however much is added: the usual case costs one look.
      else if (!user.summaryStale && !user.summaryManual) await this.markStale.run({ userId, stale: true });
    }
    this.tellAfterCommit(users);
  }

  /**
   * For owners from whom memories are taken: deleted, expired, or given to another. Parts of them may stand in
   * the summary, which goes at once; one written by a person stays.
   */
  async bereft(userIds: Iterable<string>): Promise<void> {
    const users = namedIn(userIds);
    for (const userId of users) {
      await this.dropSummary.run({ userId, stale: true, none: null, manual: false });
    }
    this.tellAfterCommit(users);
  }

  private tellAfterCommit(users: readonly string[]): void {
    if (users.length === 0) return;
    this.tenancy.afterCommit(() => {
      for (const listener of this.listeners) listener(users);
    });
  }
}

/** A user of whom nothing is known yet. */
export function newUser(userId: string, now: number): User {
  return {
    vaultId: TenantContext.scope().vaultId,
    userId,
    summary: null,
    summaryManual: false,
    summaryStale: true,
    summaryAt: null,
    reflectionCount: 0,
    createdAt: now,
    updatedAt: now,
  };
}

function namedIn(userIds: Iterable<string>): string[] {
  return [...new Set(userIds)].filter((userId) => userId !== '');
}
