import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Flags } from '../rollout/flags.service.js';
import { ReflectionsService } from './reflections.service.js';
import { UserMarks } from './user-marks.js';
import { VaultTimers } from '../operations/vault-timers.js';

/**
 * Reflects, where that is switched on, on the memories of users who were written to. Whom a crash forgets, or a
 * crowd of more than can be remembered, is looked at after their next write.
 */
@Injectable()
export class ReflectionJob implements OnModuleDestroy {
  private readonly timers: VaultTimers;

  constructor(
    private readonly reflections: ReflectionsService,
    marks: UserMarks,
    flags: Flags,
    @Inject(CONFIG) { users }: Config,
  ) {
    this.timers = new VaultTimers('Reflection', users.reflectionDelayMs, (userIds) => this.run(userIds));
    marks.onChange((userIds) => {
      if (flags.here()['memories.reflection']) this.timers.start(userIds);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timers.stop();
  }

  private async run(userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) {
      if (this.timers.stopping) return;
      await this.reflections.reflect(userId);
    }
  }
}
