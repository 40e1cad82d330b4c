import 'reflect-metadata';
import { once } from 'node:events';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { NestFactory } from '@nestjs/core';
import { destination } from 'pino';
import { AppModule } from '../app.module.js';
import { type Config, loadLocalConfig, readEnvironment } from '../config/config.js';
import { NestLog, createLog } from '../http/logger.js';
import { LineTransport } from '../mcp/line-transport.js';
import { LocalCaller } from '../mcp/local-caller.js';
import { McpServers } from '../mcp/mcp-servers.js';
import { Flags } from '../rollout/flags.service.js';
import { isUserId } from '../tenancy/scope.js';
import { checkSchema } from '../upgrade/current-schema.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { UsageError, readCommandLine, readVaultId, runCommand } from './command.js';

const USAGE = `Serves the Model Context Protocol on standard input and output, for an agent on this machine.

  node dist/src/cli/mcp.js --vault acme --user u1
  npm run --silent mcp -- --vault acme

  --vault ID   the vault that everything happens in; CAIRN_MCP_VAULT without it
  --user ID    the user it acts for; CAIRN_MCP_USER without it, and without either for the whole vault

The database is the one of DATABASE_URL, with the tables of this version; a service may use it at the same time. No
credentials are asked for: whoever can start this can read the database. Standard output holds the protocol alone, the
log goes to standard error.`;

const STDERR = 2;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

async function serve(config: Config, vaultId: string, userId: string | undefined): Promise<void> {
  await checkSchema(config.database);
  const log = createLog(config.log.level, destination({ dest: STDERR, sync: true }));
  const app = await NestFactory.createApplicationContext(AppModule.register(config), {
    logger: new NestLog(log),
    abortOnError: false,
  });
  try {
    const servers = app.get(McpServers, { strict: false });
    const vaults = app.get(VaultsService, { strict: false });
    const caller = new LocalCaller(vaults, app.get(Flags, { strict: false }), vaultId, userId);
    const transport = new LineTransport(process.stdin, process.stdout, config.http.bodyLimit);
    const connection = serveStdio(({ era }) => servers.create(era, caller.run), { transport });
    const close = transport.close.bind(transport);
    const ended = new Promise<void>((resolve) => {
      transport.close = () => close().then(resolve);
    });
    const told = new AbortController();
    const signals = SIGNALS.map((signal) => once(process, signal, { signal: told.signal }));
    await Promise.race([ended, ...signals]);
    told.abort();
    await Promise.allSettled(signals);
    await connection.close();
  } finally {
    await app.close();
  }
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'The connection has ended' }, async () => {
  const { values } = readCommandLine({
    options: {
      vault: { type: 'string' },
      user: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const env = readEnvironment();
  const vaultId = readVaultId(values.vault ?? env.CAIRN_MCP_VAULT);
  const userId = values.user ?? (env.CAIRN_MCP_USER || undefined);
  if (userId !== undefined && !isUserId(userId)) {
    throw new UsageError('--user must be 1 to 256 characters, without U+0000.');
  }
  return serve(loadLocalConfig(env), vaultId, userId);
});
