import { z } from 'zod';
import { type PostgresUrl, readPostgresUrl } from './postgres-url.js';
import { text } from './setting-kinds.js';

/** What a database's URL says. A path is as given; relative to the working directory. */
export type DatabaseUrl =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: PostgresUrl };

const MEMORY = 'names a database in memory, which a second connection could not see: name a file';

/** The path of an SQLite file. */
export const filePath = text
  .refine((raw) => raw !== ':memory:', { error: MEMORY, abort: true })
  .refine((raw) => !/^[A-Za-z][A-Za-z0-9+.-]+:/.test(raw), {
    error: 'must be the path of an SQLite file; a URL belongs in DATABASE_URL',
  })
  .refine((raw) => !/[/\\]$/.test(raw), { error: 'must be the path of a file, not of a folder' });

/** `sqlite:PATH` or `postgres://…`. */
export const databaseUrl = z
  .string()
  .trim()
  .transform((raw, context): DatabaseUrl => {
    const read = /^postgres(ql)?:/i.test(raw) ? readPostgres(raw) : readSqlite(raw);
    if (typeof read !== 'string') return read;
    context.addIssue({ code: 'custom', message: read });
    return z.NEVER;
  });

function readPostgres(raw: string): DatabaseUrl | string {
  const url = readPostgresUrl(raw);
  return typeof url === 'string' ? url : { kind: 'postgres', url };
}

function readSqlite(raw: string): DatabaseUrl | string {
  const path = /^sqlite:(.*)$/is.exec(raw)?.[1]?.trim();
  if (!path) {
    return 'must be sqlite:PATH, such as sqlite:data/cairn.sqlite, or postgres://user:password@host:port/database';
  }
  if (path === ':memory:') return MEMORY;
  if (path.startsWith('//') || /[?#]/.test(path)) {
    return 'must be sqlite: and a plain path, such as sqlite:/var/lib/cairn/cairn.sqlite, without // or ?';
  }
  if (/[/\\]$/.test(path)) return 'must name a file, not a folder';
  return { kind: 'sqlite', path };
}
