import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { IdempotencyRecord } from '../operations/idempotency-record.entity.js';
import { pause } from '../operations/vault-timers.js';

/** Rows looked at in one statement; answers of batches may be large. */
const CHUNK = 100;

/**
 * Rows that belong to no user, and hold something of one in their text: the answers that are kept for a service's
 * retries. There is nothing to find them by: all rows of the vault are looked at, some at a time.
 */
@Injectable()
export class UserMentions {
  constructor(@InjectRepository(IdempotencyRecord) private readonly answers: Repository<IdempotencyRecord>) {}

  /** @param counts gets the rows erased, by table. For a scope of the whole vault. */
  async erase(userId: string, counts: Record<string, number>): Promise<void> {
    counts.idempotency = (counts.idempotency ?? 0) + (await this.eraseAnswers(userId));
  }

  private async eraseAnswers(userId: string): Promise<number> {
    // As JSON.stringify writes it, which is how answers are written.
    const named = `"user_id":${JSON.stringify(userId)}`;
    let erased = 0;
    for (let last = { method: '', path: '', key: '' }; ;) {
      const page = await this.answers
        .createQueryBuilder('a')
        .where('a.userId = :nobody', { nobody: '' })
        .andWhere('(a.method, a.path, a.key) > (:method, :path, :key)', { ...last })
        .orderBy('a.method', 'ASC')
        .addOrderBy('a.path', 'ASC')
        .addOrderBy('a.key', 'ASC')
        .limit(CHUNK)
        .getMany();
      for (const { userId: owner, method, path, key, answer } of page) {
        if (!answer.includes(named) && userIn(path) !== userId) continue;
        erased += (await this.answers.delete({ userId: owner, method, path, key })).affected ?? 0;
      }
      if (page.length < CHUNK) return erased;
      last = page[page.length - 1];
      await pause();
    }
  }
}

/** Whom the path of a request was about, if about one user; it stands there as the client wrote it. */
function userIn(path: string): string | undefined {
  const [, written] = /\/users\/([^/]+)/.exec(path) ?? [];
  try {
    return written === undefined ? undefined : decodeURIComponent(written);
  } catch {
    return undefined;
  }
}
