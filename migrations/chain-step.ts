import type { MigrationInterface, QueryRunner } from 'typeorm';
import { countRows } from './ddl.js';
import type { AdoptionOptions } from './openmemory/owners.js';
import type { AdoptionRecord } from './openmemory/record.js';

export type Progress = (done: number, total: number, what: string) => void;

/** A migration that tells what it brings. */
export interface ChainStep extends MigrationInterface {
  /** What `schema_version` holds once it is applied; ascending along the chain. */
  readonly version: string;
  /** What it brings, in a few words. */
  readonly title: string;
  /** Where the rows of an older database go; set before `up`. */
  adoption?: AdoptionOptions;
  /** Gets how far a long `up` is, such as 12 of 5,000 rows of `memories`; set before it. */
  onProgress?: Progress;
  /** What `up` took over, where there was something. */
  readonly adopted?: AdoptionRecord;
}

/** A step back that would lose rows: it was not taken, and nothing has changed. */
export class CannotRevertError extends Error {
  override readonly name = 'CannotRevertError';

  /** @param obstacles what stands in the way, such as `memories: 12 rows` */
  constructor(
    step: ChainStep,
    readonly obstacles: readonly string[],
  ) {
    super(
      `${step.version} - ${step.title} cannot be taken back without losing data: ` +
        `the schema before it has no place for ${obstacles.join(', ')}.`,
    );
  }
}

/** @throws CannotRevertError when one of the tables has rows */
export async function refuseUnlessEmpty(
  step: ChainStep,
  runner: QueryRunner,
  tables: readonly string[],
): Promise<void> {
  const obstacles: string[] = [];
  for (const table of tables) {
    const rows = await countRows(runner, `"${table}"`);
    if (rows > 0) obstacles.push(`${table} (${rows} ${rows === 1 ? 'row' : 'rows'})`);
  }
  if (obstacles.length > 0) throw new CannotRevertError(step, obstacles);
}
