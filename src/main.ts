import 'reflect-metadata';
import { keepHeapClose } from './heap.js';
import { errorReport } from './http/error-report.js';
import { type Log, createLog } from './http/logger.js';
import { stopOnSignals } from './http/shutdown.js';
import { type Config, ConfigError, loadConfig, readEnvironment } from './config/config.js';
import { version } from './version.js';

/** The exit status when the service cannot start as it is set up: someone has to change something. */
const CANNOT_START = 2;

/** Says on standard error what to do, and ends the process. */
function giveUp(...sentences: readonly string[]): never {
  for (const sentence of sentences) process.stderr.write(`${sentence}\n`);
  process.exit(CANNOT_START);
}

function readConfig(): Config {
  try {
    return loadConfig(readEnvironment());
  } catch (error) {
    if (error instanceof ConfigError) return giveUp(...error.problems);
    throw error;
  }
}

/** The driver comes with a compiled part, which npm may have been unable to fetch or to build. */
async function checkSqliteDriver(): Promise<void> {
  try {
    const { default: Database } = await import('better-sqlite3');
    new Database(':memory:').close();
  } catch {
    giveUp(
      'The SQLite driver better-sqlite3 is missing or was not built: run `npm ci` where it can download its ' +
        'binary, or with g++, make and python3 installed so that it can compile it.',
    );
  }
}

/** A fault that nothing caught leaves the process in a state nobody knows: it ends, and is started again. */
function endOnUncaught(log: Log): void {
  const end = (error: unknown): never => {
    log.fatal({ error: errorReport(error) }, 'Uncaught error: ending');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function serve(): Promise<void> {
  const config = readConfig();
  if (config.database.kind === 'sqlite') await checkSqliteDriver();
  const log = createLog(config.log.level);
  endOnUncaught(log);

  // Only now, so that what is wrong above is said in a sentence and at once.
  const [{ prepareDatabase }, { createApp }, { IndexUpkeep }] = await Promise.all([
    import('./upgrade/prepare-database.js'),
    import('./app.setup.js'),
    import('./recall/index-upkeep.js'),
  ]);
  const { staleVaults } = await prepareDatabase(config, (line) => log.info(line)).catch((error: unknown) =>
    giveUp(messageOf(error)),
  );
  const app = await createApp(config, log).catch((error: unknown) => {
    // Nobody's data has been read yet, so the message may be shown.
    log.fatal({ error: errorReport(error) }, `Cannot start: ${messageOf(error)}`);
    process.exit(1);
  });
  stopOnSignals(app, config.shutdownTimeoutMs, log);
  if (staleVaults) app.get(IndexUpkeep, { strict: false }).begin(staleVaults);
  try {
    await app.listen(config.http.port, config.http.host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    giveUp(
      `Cannot listen on ${config.http.host}:${config.http.port} (${code ?? 'unknown error'}): set HOST or PORT.`,
    );
  }
  for (const warning of config.warnings) log.warn(warning);
  log.info(
    {
      address: await app.getUrl(),
      mode: config.auth.devMode ? 'dev' : config.env,
      database: config.database.source,
      version,
    },
    'Cairn is listening',
  );
}

keepHeapClose();
await serve();
