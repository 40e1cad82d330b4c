import { MEMORY_MCP } from '../upgrade/import/memory-mcp.js';
import { isAddress } from '../upgrade/import/live/fetch-export.js';
import { LIVE_SYSTEMS } from '../upgrade/import/live/systems.js';
import { isPostgresAddress } from '../upgrade/import/memory-mcp-server.js';
import { SOURCES } from '../upgrade/import/open-source.js';
import { UsageError, readCommandLine, readVaultId } from './command.js';
import { readVaultMap } from './migrate-options.js';

export const USAGE = `Takes over the memories of another system, out of its files. Nothing of them is lost: a row that has no place
here, or has something wrong with it, is kept as it was, and counted with its reason.

  npm run import -- --from SYSTEM FILE           SYSTEM is ${SOURCES.slice(0, -1).join(', ')} or ${SOURCES.at(-1)}
  npm run import -- --from SYSTEM https://HOST   asks a server of ${Object.keys(LIVE_SYSTEMS).join(', ')}; IMPORT_API_KEY lets in
  npm run import -- --status                     lists the imports
  npm run import -- --undo IMPORT                takes away what an import has brought, changed since or not

With --from:
  --vault NAME         into this vault instead of default-vault
  --single-vault       what the source has in vaults of its own comes into that one too
  --vault-map FILE     a JSON object says which vault of the source comes into which vault: {"acme": "acme-2"}
  --sessions DIR       of Metamorph: the folder of its session files, data/sessions
  --project NAME       of Memory MCP: which entry of a file of projects names the database
  --embedding-model NAME  of Memory MCP: the model that its embeddings were made with
  --with-secrets       of both: keeps access tokens and the like too, which are dropped otherwise
  --rate N             of a server: N requests a second at most, instead of what its makers let through
  --dry-run            does it to a copy of the database, which goes, and says how it went

For memory-mcp FILE is a dump as pg_dump writes it (plain), a postgres:// URL, or a file of projects such as
config/projects.json, whose entry is that of MEMORY_ACTIVE_PROJECT or --project NAME. Each project comes into a vault
mcp-NAME, unless --vault-map or --single-vault says otherwise.

The database that all goes to is the one of DATABASE_URL; a service may go on using it. On PostgreSQL
DATABASE_MIGRATOR_URL is needed too. It can be stopped at any time: run it again, and it goes on. The same rows are
imported once, however often it is run. --status and --undo look into every vault, or with --vault NAME into one. The
exit status is 0 when every row is accounted for, 1 when it ended in the midst of it, 2 when nothing was done.`;

export type ImportArguments =
  | { readonly command: 'help' }
  | { readonly command: 'status'; readonly vault: string | undefined }
  | { readonly command: 'undo'; readonly importId: string; readonly vault: string | undefined }
  | {
      readonly command: 'import';
      readonly from: string;
      readonly file: string;
      readonly vault: string;
      readonly singleVault: boolean;
      readonly vaultMap: ReadonlyMap<string, string>;
      readonly sessions: string | undefined;
      readonly withSecrets: boolean;
      readonly project: string | undefined;
      readonly embeddingModel: string | undefined;
      /** Requests a second. */
      readonly rate: number | undefined;
      readonly dryRun: boolean;
    };

/** Reads the command line. @throws UsageError */
export function readImportArguments(): ImportArguments {
  const { positionals, values } = parse();
  const { from, status, undo } = values;
  if (values.help) return { command: 'help' };
  const commands = [from !== undefined, status, undo !== undefined].filter(Boolean);
  if (commands.length !== 1)
    throw new UsageError('One of --from, --status and --undo says what is to be done.');
  const vault = values.vault === undefined ? undefined : readVaultId(values.vault);
  if (from === undefined) {
    const others = [
      ...(['single-vault', 'vault-map', 'sessions', 'with-secrets', 'dry-run'] as const),
      ...(['project', 'embedding-model', 'rate'] as const),
    ];
    const wrong = others.find((name) => values[name] !== undefined && values[name] !== false);
    if (wrong) throw new UsageError(`--${wrong} goes with --from.`);
    if (positionals.length > 0) throw new UsageError(`Unexpected: ${positionals.join(' ')}`);
    return undo === undefined ? { command: 'status', vault } : { command: 'undo', importId: undo, vault };
  }
  if (!SOURCES.includes(from)) {
    throw new UsageError(`--from must be one of ${SOURCES.join(', ')}, not "${from}".`);
  }
  const [file] = positionals as (string | undefined)[];
  if (file === undefined) throw new UsageError('Which file is to be imported?');
  if (positionals.length > 1)
    throw new UsageError(`Unexpected: ${positionals.slice(1).map(withoutPassword).join(' ')}`);
  const isMcp = from === MEMORY_MCP;
  if (isPostgresAddress(file) && !isMcp)
    throw new UsageError(`A database on PostgreSQL is read with --from ${MEMORY_MCP} alone.`);
  if (withoutPassword(file) !== file && !isPostgresAddress(file))
    throw new UsageError('A URL of a database begins with postgres:// or postgresql://.');
  for (const name of ['project', 'embedding-model'] as const) {
    if (values[name] !== undefined && !isMcp)
      throw new UsageError(`--${name} goes with --from ${MEMORY_MCP}.`);
    if (values[name] === '') throw new UsageError(`--${name} needs a name.`);
  }
  if (isMcp && vault !== undefined && !values['single-vault'])
    throw new UsageError(
      'Each project of Memory MCP comes into a vault of its own: --vault goes with --single-vault here, or --vault-map ' +
        'says which comes where.',
    );
  return {
    ...{ command: 'import', from, file, vault: vault ?? 'default-vault' },
    project: values.project,
    embeddingModel: values['embedding-model'],
    rate: readRate(values.rate, file),
    singleVault: values['single-vault'],
    vaultMap: new Map(
      values['vault-map'] === undefined ? [] : Object.entries(readVaultMap(values['vault-map'])),
    ),
    sessions: values.sessions,
    withSecrets: values['with-secrets'],
    dryRun: values['dry-run'],
  };
}

function readRate(value: string | undefined, file: string): number | undefined {
  if (value === undefined) return undefined;
  if (!isAddress(file)) throw new UsageError('--rate goes with the address of a server.');
  const rate = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && rate >= 0.01 && rate <= 1000) return rate;
  throw new UsageError('--rate must be a number of requests a second, from 0.01 to 1000.');
}

/** A URL as it may be shown; other texts as they are. */
function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^/]*@/, '://…@');
}

function parse() {
  return readCommandLine({
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      status: { type: 'boolean', default: false },
      undo: { type: 'string' },
      vault: { type: 'string' },
      'single-vault': { type: 'boolean', default: false },
      'vault-map': { type: 'string' },
      sessions: { type: 'string' },
      'with-secrets': { type: 'boolean', default: false },
      project: { type: 'string' },
      'embedding-model': { type: 'string' },
      rate: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}
