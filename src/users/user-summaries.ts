import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { Memory } from '../memories/memory.entity.js';
import { Flags } from '../rollout/flags.service.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { type SummarySample, summaryText } from './summary-text.js';
import { type Figures, UserFigures } from './user-figures.js';
import { UserMarks } from './user-marks.js';
import { User } from './user.entity.js';
import { VaultTimers, pause } from '../operations/vault-timers.js';

/** The memories that a summary looks at, and how much of each: what it costs is bounded by their product. */
const SAMPLES = 50;
const SAMPLE_CHARACTERS = 400;
/** Users whose summaries one run of the job makes, so that a crowd (an adopted database) does not keep it busy. */
const USERS_A_RUN = 200;

/** A summary as it is now. */
export interface Summary {
  readonly text: string | null;
  /** When it was made or written; ms since 1970. */
  readonly at: number | null;
}

const NO_SUMMARY: Summary = { text: null, at: null };

/**
 * Makes the summaries that users' memories have outgrown: a while after the write that marked them, in a unit
 * of work of its own, or when somebody asks. The marks in the database are the queue, so nothing is forgotten
 * by a crash: the next write to the vault begins the job again, and whoever asks before gets a new one.
 */
@Injectable()
export class UserSummaries implements OnModuleDestroy {
  private readonly logger = new Logger('UserSummaries');
  private readonly timers: VaultTimers;

  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly figures: UserFigures,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
    marks: UserMarks,
    private readonly flags: Flags,
    @Inject(CONFIG) config: Config,
  ) {
    this.timers = new VaultTimers('UserSummaries', config.users.summaryDelayMs, (userIds) =>
      this.makeStale(userIds),
    );
    marks.onChange((userIds) => {
      if (this.enabled()) this.timers.start(userIds);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timers.stop();
  }

  /** Whether a user with these figures has something that `current` shows. */
  exists(user: User | null, { count }: Figures): boolean {
    if (this.enabled() && count > 0) return true;
    return user !== null && !user.summaryStale && user.summary !== null;
  }

  /**
   * What is shown of a user: never a summary that the memories have outgrown. Where summaries are on, it is made
   * on the spot, and stored soon after: a read stays a read. Belongs in a unit of work with both arguments' reading.
   */
  async current(userId: string, user: User | null, figures: Figures): Promise<Summary> {
    if (user && (user.summaryManual || (await this.isFresh(user)))) {
      return { text: user.summary, at: user.summaryAt };
    }
    if (!this.enabled()) return NO_SUMMARY;
    this.timers.start([userId]);
    return { text: await this.compose(userId, figures), at: Date.now() };
  }

  /** Makes and stores a user's summary in the running unit of work. One written by a person stays as it is. */
  async make(user: User): Promise<void> {
    if (user.summaryManual) return;
    const figures = (await this.figures.of([user.userId])).get(user.userId)!;
    const summary = await this.compose(user.userId, figures);
    const made = { summary, summaryStale: false, summaryAt: Date.now() };
    await this.users.update({ userId: user.userId }, made);
    Object.assign(user, made);
  }

  /** In the vault of the running scope. */
  private enabled(): boolean {
    return this.flags.here()['memories.summaries'];
  }

  private async isFresh({ userId, summaryStale, summaryAt }: User): Promise<boolean> {
    if (summaryStale || summaryAt === null) return false;
    return !(await this.figures.expiredSince(userId, summaryAt));
  }

  /**
   * Summaries that are marked, each in a unit of work of its own: those of the users who were written to, and as
   * many others' as there is room for. What is left has another run.
   */
  private async makeStale(changed: readonly string[]): Promise<void> {
    if ((await this.vaults.find())?.status !== 'active') return;
    const userIds = new Set(changed.slice(0, USERS_A_RUN));
    for (const userId of await this.marked(USERS_A_RUN + 1)) userIds.add(userId);
    let made = 0;
    for (const userId of userIds) {
      if (this.timers.stopping) return;
      if (made === USERS_A_RUN) return this.timers.start([]);
      made += 1;
      try {
        await this.tenancy.transaction(() => this.makeIfMarked(userId));
      } catch (error) {
        // The others' all the same.
        this.logger.warn(`Not made: ${(error as Error).name}`);
      }
      await pause();
    }
  }

  private async makeIfMarked(userId: string): Promise<void> {
    await this.vaults.ensureWritable();
    const user = await this.users.findOneBy({ userId });
    if (user?.summaryStale) await this.make(user);
  }

  private async marked(limit: number): Promise<string[]> {
    const rows = await this.users
      .createQueryBuilder('u')
      .select('u.userId', 'userId')
      // As the partial index has it.
      .where('u.summaryStale')
      .orderBy('u.userId', 'ASC')
      .limit(limit)
      .getRawMany<{ userId: string }>();
    return rows.map(({ userId }) => userId);
  }

  /** @returns null for a user without memories */
  private async compose(userId: string, { count, firstAt, lastAt }: Figures): Promise<string | null> {
    if (firstAt === null || lastAt === null) return null;
    const latest = await this.memories
      .createQueryBuilder('m')
      .select('m.createdAt', 'createdAt')
      .addSelect('m.primarySector', 'sector')
      .addSelect('substr(m.content, 1, :length)', 'text')
      .where('m.userId = :userId', { userId, length: SAMPLE_CHARACTERS })
      // By arrival, which no two have in common: the same memories are always the latest.
      .orderBy('m.position', 'DESC')
      .limit(SAMPLES)
      .getRawMany<SummarySample>();
    return summaryText({
      count,
      firstAt,
      lastAt,
      latest: latest.map(({ createdAt, ...rest }) => ({ ...rest, createdAt: Number(createdAt) })),
    });
  }
}
