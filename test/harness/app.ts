import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/config.js';
import { createLog } from '../../src/http/logger.js';
import { prepareDatabase } from '../../src/upgrade/prepare-database.js';
import { environmentOf } from './migrated-database.js';
import { createDatabase, onPostgres } from './postgres/postgres-databases.js';
import { TEST_SECRET, type TokenFor, authorized } from './tokens.js';

/** A folder that goes with the process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-test-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A place for a service's database: a file, or of a database on PostgreSQL a superuser's URL. */
export function newDatabase(): string {
  return onPostgres ? createDatabase() : join(temporaryFolder(), 'cairn.sqlite');
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into whatever came back
  readonly body: any;
}

/** A client of one identity. */
export class Client {
  constructor(
    private readonly baseUrl: string,
    private readonly headers: Record<string, string>,
  ) {}

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: {
        ...this.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
  }

  get = (path: string, headers?: Record<string, string>) => this.send('GET', path, undefined, headers);
  post = (path: string, body: unknown, headers?: Record<string, string>) =>
    this.send('POST', path, body, headers);
  patch = (path: string, body: unknown, headers?: Record<string, string>) =>
    this.send('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.send('DELETE', path, undefined, headers);
}

/** The whole service on a fresh database of its own, listening on a free port. */
export class TestService {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly baseUrl: string,
    readonly databasePath: string,
  ) {}

  /** @param databasePath as `newDatabase` gives it */
  static async start(env: NodeJS.ProcessEnv = {}, databasePath = newDatabase()): Promise<TestService> {
    const config = loadConfig({
      ...environmentOf(databasePath),
      JWT_SECRET: TEST_SECRET,
      PORT: '0',
      LOG_LEVEL: 'silent',
      ...env,
    });
    await prepareDatabase(config);
    const app = await createApp(config, createLog(config.log.level));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new TestService(app, `http://127.0.0.1:${port}`, databasePath);
  }

  /** A client with a token; with no user, a service token. */
  as(vault: string, user?: string, permissions?: readonly string[]): Client {
    const token: TokenFor = {
      vault,
      user,
      permissions: permissions ?? ['read', 'write', 'delete', ...(user === undefined ? ['vault'] : [])],
    };
    return new Client(this.baseUrl, authorized(token));
  }

  anonymous(headers: Record<string, string> = {}): Client {
    return new Client(this.baseUrl, headers);
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}
