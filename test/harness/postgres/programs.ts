import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program of PostgreSQL is, in the folder TEST_POSTGRES_BIN or in the path; undefined where it is not. */
export function postgresProgram(name: 'psql' | 'pg_dump' | 'pg_restore'): string | undefined {
  const folders = [process.env.TEST_POSTGRES_BIN ?? '', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((path) => path !== name && existsSync(path));
}

export interface Ran {
  readonly status: number;
  readonly stderr: string;
}

export function runProgram(path: string, args: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    execFile(path, args, (error, _, stderr) => done({ status: error ? Number(error.code) : 0, stderr }));
  });
}
