import 'reflect-metadata';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { Repository } from 'typeorm';
import { AppModule } from '../../src/app.module.js';
import { createHttpApp } from '../../src/app.setup.js';
import { RequirePermission } from '../../src/auth/route-access.decorators.js';
import { loadConfig } from '../../src/config/config.js';
import { PostgresConnections } from '../../src/database/postgres/postgres-connections.js';
import { createLog } from '../../src/http/logger.js';
import { stopOnSignals } from '../../src/http/shutdown.js';
import { Memory } from '../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../src/memories/memory-version.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { Tenancy } from '../../src/tenancy/tenancy.js';
import { User } from '../../src/users/user.entity.js';
import { Waypoint } from '../../src/waypoints/waypoint.entity.js';
import { BareConnections } from './bare-connections.js';

// The service as it is, and one route more, of five statements in one unit of work. With BARE_CONNECTIONS the same
// code runs without transactions and without a vault: the difference is what isolation by the database costs.

if (process.env.BARE_CONNECTIONS) {
  const bare = (connections: PostgresConnections) =>
    new BareConnections((connections as unknown as { pool: Pool }).pool);
  Object.assign(PostgresConnections.prototype, {
    begin(this: PostgresConnections) {
      return bare(this).begin();
    },
    alone(this: PostgresConnections) {
      return bare(this).alone();
    },
  });
}

@Controller('bench/five')
class FiveStatementsController {
  constructor(
    private readonly tenancy: Tenancy,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(MemoryVersion) private readonly versions: Repository<MemoryVersion>,
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
  ) {}

  @Get(':id')
  @RequirePermission('read')
  five(@Param('id') id: string): Promise<object> {
    return this.tenancy.snapshot(async () => {
      const memory = await this.memories.findOneByOrFail({ id });
      const { sessionId, userId } = memory;
      return {
        memory,
        versions: await this.versions.findBy({ memoryId: id }),
        session: await this.sessions.findOneBy({ userId, id: sessionId! }),
        user: await this.users.findOneBy({ userId }),
        waypoints: await this.waypoints.findBy({ srcId: id }),
      };
    });
  }
}

const config = loadConfig(process.env);

@Module({
  imports: [
    AppModule.register(config),
    TypeOrmModule.forFeature([Memory, MemoryVersion, Session, User, Waypoint]),
  ],
  controllers: [FiveStatementsController],
})
class BenchModule {}

const log = createLog(config.log.level);
const app = await createHttpApp(BenchModule, config, log);
stopOnSignals(app, config.shutdownTimeoutMs, log);
await app.listen(config.http.port, config.http.host);
log.info({ address: await app.getUrl() }, 'Listening');
