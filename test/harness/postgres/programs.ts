import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program and what comes before its own arguments. */
export type Program = readonly [file: string, ...first: string[]];

/**
 * How a program of PostgreSQL is run: by whatever started the server, from the folder TEST_POSTGRES_BIN, or from the
 * path; undefined where it is in none. Only the first is sure to fit the server's release.
 */
export function postgresProgram(name: 'psql' | 'pg_dump'): Program | undefined {
  const { TEST_POSTGRES_CONTROL, TEST_POSTGRES_FOLDER, TEST_POSTGRES_BIN = '', PATH = '' } = process.env;
  if (TEST_POSTGRES_CONTROL && TEST_POSTGRES_FOLDER) {
    return [TEST_POSTGRES_CONTROL, 'exec', TEST_POSTGRES_FOLDER, name];
  }
  const folder = [TEST_POSTGRES_BIN, ...PATH.split(delimiter)].find(
    (one) => one !== '' && existsSync(join(one, name)),
  );
  return folder === undefined ? undefined : [join(folder, name)];
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param input what the program reads */
export function runProgram([file, ...first]: Program, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(file, [...first, ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.on('error', fail);
    child.on('close', (status) => done({ status, stdout, stderr }));
    child.stdin.end(input);
  });
}
