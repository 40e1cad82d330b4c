import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { createHttpApp } from '../../src/app.setup.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { loadConfig } from '../../src/config/config.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { HealthModule } from '../../src/health/health.module.js';
import { createLog } from '../../src/http/logger.js';
import { Vault } from '../../src/vaults/vault.entity.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Parsed; what it is depends on the route. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every shape
  readonly body: any;
}

/** A service of authentication, health and the given controllers, on an SQLite file of its own. */
export interface AuthApp {
  readonly app: NestFastifyApplication;
  /** host:port */
  readonly host: string;
  /** What was logged so far, a line each. */
  readonly log: readonly string[];
  /** GET, with headers sent exactly as listed: name, value, name, value. */
  get(path: string, headers?: readonly string[]): Promise<Answer>;
  /** Writes a vault's row behind the service's back. */
  putVault(vault: Pick<Vault, 'vaultId'> & Partial<Vault>): Promise<void>;
  close(): Promise<void>;
}

/** @param env settings, as the service takes them; DATABASE_URL is set here */
export async function startAuthApp(env: NodeJS.ProcessEnv, controllers: Type[] = []): Promise<AuthApp> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-auth-'));
  const config = loadConfig({
    LOG_LEVEL: 'debug',
    ...env,
    DATABASE_URL: `sqlite:${join(folder, 'db.sqlite')}`,
  });
  const plain = await new DataSource({
    ...dataSourceOptions(config.database),
    synchronize: true,
  }).initialize();

  @Module({
    imports: [ConfigModule.register(config), DatabaseModule, AuthModule, HealthModule],
    controllers,
  })
  class TestModule {}

  const log: string[] = [];
  const logger = createLog(config.log.level, { write: (line: string) => void log.push(line) });
  const app = await createHttpApp(TestModule, config, logger);
  const close = async () => {
    await app.close();
    await plain.destroy();
    rmSync(folder, { recursive: true });
  };
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await close();
    throw error;
  }
  const host = `127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  return {
    app,
    host,
    log,
    get: (path, headers = []) => get(`http://${host}${path}`, headers),
    putVault: async (vault) => {
      const now = Date.now();
      const row = { name: vault.vaultId, status: 'active' as const, shareUnowned: false, erasedAt: null };
      await plain.getRepository(Vault).save({ ...row, createdAt: now, updatedAt: now, ...vault });
    },
    close,
  };
}

/**
 * GET with headers sent exactly as listed, repetitions included; a Host is added if left out.
 *
 * @param target what stands in the request line, if not the URL's own path
 */
export function get(url: string, headers: readonly string[], target?: string): Promise<Answer> {
  const { host, hostname, port, pathname, search } = new URL(url);
  const names = headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const all = [...(names.includes('host') ? [] : ['Host', host]), ...headers];
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: target ?? pathname + search, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const json = response.headers['content-type']?.includes('json');
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, text, body: json ? JSON.parse(text) : undefined });
      });
    })
      .on('error', reject)
      .end();
  });
}
