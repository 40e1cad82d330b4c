import { type StepInfo, steps } from '../../migrations/chain.js';
import { readAdoption } from '../../migrations/openmemory/record.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { type Recognition, recognise } from './recognise.js';
import { type AppliedSteps, currentVersion } from './schema-version.js';
import { openReadOnly } from './sqlite-file.js';

/** The step that takes older databases over. */
export const VAULTS = '2.0.0';

export interface Plan {
  readonly state: AppliedSteps;
  readonly steps: readonly StepInfo[];
  /** The database is OpenMemory's, or becomes that again: the steps make one. */
  readonly takesOver: boolean;
}

/**
 * What there is to do to bring the database up to the step `to`, by default the newest.
 *
 * @throws MigrationRefusedError when the file is none of ours, or newer than this build, or there is no such step
 */
export function planRun(path: string, to?: string): Plan {
  const found = recognise(path);
  const state = stateOf(path, found);
  const planned = stepsUpTo(state.pending, to);
  const takesOver = found.kind === 'openmemory';
  if (takesOver) refuseHalf(to);
  return { state, steps: planned, takesOver };
}

/** @throws MigrationRefusedError where the last step comes before the one that takes a database over */
export function refuseHalf(to: string | undefined): void {
  if (to === undefined || findStep(to) >= steps.findIndex(({ version }) => version === VAULTS)) return;
  throw new MigrationRefusedError(
    `A database of OpenMemory is taken over as a whole, up to version ${VAULTS} at least: nothing was changed.`,
  );
}

/**
 * What there is to do to take the newest step back, or the three that took a database of OpenMemory over.
 *
 * @throws MigrationRefusedError as for a run
 */
export function planRevert(path: string): Plan {
  const state = readState(path);
  const takesOver = currentVersion(state) === VAULTS && wasTakenOver(path);
  return { state, steps: takesOver ? state.applied.toReversed() : state.applied.slice(-1), takesOver };
}

function wasTakenOver(path: string): boolean {
  const database = openReadOnly(path);
  try {
    return readAdoption(database)?.whole ?? false;
  } finally {
    database.close();
  }
}

/**
 * What was done to the database, and what is left to do; nothing in it is changed.
 *
 * @throws MigrationRefusedError when the file is none of ours, or newer than this build
 */
export function readState(path: string): AppliedSteps {
  return stateOf(path, recognise(path));
}

function stateOf(path: string, { state, description, obstacle }: Recognition): AppliedSteps {
  if (!state) {
    throw new MigrationRefusedError(
      `${path} is ${description}. Nothing was changed. ` +
        (obstacle ?? 'Taking it over is not there yet: set DATABASE_URL to another file.'),
    );
  }
  if (state.unknown.length > 0) {
    throw new MigrationRefusedError(
      `${path} was made by a newer Cairn than this one: it holds ${state.unknown.join(', ')}. ` +
        'Run that version, or restore the backup from before.',
    );
  }
  return state;
}

/** Those of the steps that are not after `to`. @throws MigrationRefusedError when there is no such step */
export function stepsUpTo(pending: readonly StepInfo[], to: string | undefined): StepInfo[] {
  const last = to === undefined ? steps.length - 1 : findStep(to);
  return pending.filter((step) => steps.indexOf(step) <= last);
}

function findStep(wanted: string): number {
  const exact = steps.findIndex(({ name, version }) => name === wanted || version === wanted);
  if (exact >= 0) return exact;
  const word = wanted.toLowerCase();
  const found = steps.filter(({ name }) => word !== '' && name.toLowerCase().startsWith(word));
  if (found.length === 1) return steps.indexOf(found[0]);
  const names = steps.map(({ name, version }) => `${name} (${version})`).join(', ');
  throw new MigrationRefusedError(`There is no migration "${wanted}". There are: ${names}.`);
}
