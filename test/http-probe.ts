import 'reflect-metadata';
import { connect } from 'node:net';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { createHttpApp } from '../src/app.setup.js';
import { type Config, loadConfig } from '../src/config/config.js';
import { BusyError } from '../src/database/busy.error.js';
import { StorageFullError } from '../src/database/storage-full.error.js';
import { ApiError } from '../src/http/api-error.js';
import { Drain } from '../src/http/drain.js';
import { createLog } from '../src/http/logger.js';
import { makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';

/** Something no answer and no log line may hold. */
export const SECRET = 'canary-5f1d0c';

class Filters {
  @IsOptional()
  @IsString()
  user_id?: string;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;
}

export class NoteDto {
  @IsString()
  @MaxLength(100_000)
  content: string;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;

  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  tags?: string[];

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Filters)
  filters?: Filters;
}

class ListQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Max(100)
  limit?: number;

  @IsOptional()
  @Transform(({ value }) => (typeof value === 'string' ? value.toUpperCase() : value))
  @IsString()
  name?: string;
}

/** Stands in for authentication: a scope from a header, after a turn of the event loop, as a key lookup takes. */
@Injectable()
class ScopeGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const vaultId = context.switchToHttp().getRequest<FastifyRequest>().headers['x-vault-id'];
    await new Promise((resolve) => setImmediate(resolve));
    if (typeof vaultId === 'string') {
      if (vaultId === 'refused') return false;
      TenantContext.enter(makeScope({ vaultId, permissions: [] }));
    }
    return true;
  }
}

/** Gates that requests wait at until a test opens them. */
export const gates = new Map<string, { arrived: () => void; open: Promise<void> }>();

function fail(kind: string): never {
  const foreign: Record<string, () => unknown> = {
    api: () => new ApiError(409, 'ID_EXISTS', 'This id is taken.', { headers: { 'X-Seen': 'yes' } }),
    busy: () => new BusyError(2.4),
    full: () => new StorageFullError(),
    context: () => TenantContext.scope(),
    nest: () => new NotFoundException(`no ${SECRET} here`),
    type: () => new TypeError(`${SECRET}\n    at ${SECRET} (/${SECRET}.ts:1:1)`),
    driver: () =>
      Object.assign(new Error(`Key (${SECRET}) already exists`), {
        name: 'QueryFailedError',
        query: SECRET,
        parameters: [SECRET],
        driverError: Object.assign(new Error(SECRET), { code: 'SQLITE_CONSTRAINT', detail: SECRET }),
      }),
    status: () => Object.assign(new Error(SECRET), { statusCode: 404 }),
    text: () => SECRET,
    nothing: () => undefined,
  };
  throw foreign[kind]();
}

@Controller('v1/notes')
class NotesController {
  @Post()
  create(@Body() note: NoteDto): unknown {
    return { isInstance: note instanceof NoteDto, note };
  }

  @Get()
  list(@Query() query: ListQuery): unknown {
    return query;
  }

  @Get('named')
  named(@Query('name') name?: string): unknown {
    return { name };
  }

  @Get('plain')
  plain(): unknown {
    return {};
  }

  @Get('whose')
  async whose(): Promise<unknown> {
    const before = TenantContext.hasScope() ? TenantContext.scope().vaultId : null;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    const after = TenantContext.hasScope() ? TenantContext.scope().vaultId : null;
    return { before, after, request: TenantContext.requestId() };
  }

  @Get('gate/:name')
  async gate(@Param('name') name: string): Promise<unknown> {
    const gate = gates.get(name)!;
    gate.arrived();
    await gate.open;
    return { name };
  }

  @Post('fail/:kind')
  @HttpCode(200)
  fail(@Param('kind') kind: string): void {
    fail(kind);
  }

  @Get('by-id/:id')
  read(@Param('id') id: string): unknown {
    return { id };
  }

  @Delete('by-id/:id')
  @HttpCode(204)
  remove(): void {}
}

@Module({
  controllers: [NotesController],
  providers: [Drain, { provide: APP_GUARD, useClass: ScopeGuard }],
})
class ProbeModule {}

export interface Probe {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly port: number;
  readonly lines: string[];
}

/** The HTTP dressing of the service over a module of its own, listening on a free port, its log kept. */
export async function startProbe(env: Record<string, string> = {}): Promise<Probe> {
  const config: Config = loadConfig({ LOG_LEVEL: 'debug', ...env });
  const lines: string[] = [];
  const log = createLog(config.log.level, { write: (line: string) => void lines.push(line) });
  const app = await createHttpApp(ProbeModule, config, log);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return { app, url: `http://127.0.0.1:${port}`, port, lines };
}

/** Sends bytes as they are and gives back all that comes until the connection closes. */
export function raw(port: number, ...parts: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', reject);
  });
}
