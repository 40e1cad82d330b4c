import { expect } from 'vitest';
import { runBuilt } from '../built.js';
import type { Finished } from '../built.js';
import type { OpenMemoryFile } from '../openmemory/file.js';
import { makeFile, plain } from '../openmemory/files.js';
import { type Snapshot, comparable, takeSnapshot } from '../openmemory/snapshot.js';
import { expectNothingLost } from '../openmemory/upgrade.js';
import { OpenMemoryPlace } from '../postgres/openmemory/place.js';
import { onPostgres } from '../postgres/postgres-databases.js';
import { urlOf } from '../postgres/scratch-server.js';
import { processFolder } from '../process-folder.js';

const RELEASE = '1.3.0';
/** Memories of nobody: as the first releases wrote all of them. */
const UNOWNED = 3;
/** 2026-11-20 */
const AT = 1_795_166_500_000;

function fill(memories: number): (file: OpenMemoryFile) => void {
  return (file) => {
    plain(memories - UNOWNED)(file);
    for (let i = 0; i < UNOWNED; i += 1) {
      file.insert('memories', {
        id: `ffffffff-0000-4000-8000-00000000000${i}`,
        ...{
          user_id: null,
          content: `The harbour is closed on day ${i} (ref u${i})`,
          primary_sector: 'semantic',
        },
        ...{
          segment: 0,
          tags: '[]',
          meta: '{}',
          created_at: AT + i,
          updated_at: AT + i,
          last_seen_at: AT + i,
        },
        ...{ salience: 0.4, decay_lambda: 0.005, version: 1, feedback_score: 0 },
      });
    }
  };
}

/** What has to be told of a database that is to be upgraded, on either kind. */
interface Kind {
  /** For `DatabaseView`. */
  readonly place: string;
  readonly env: NodeJS.ProcessEnv;
  snapshot(): Promise<Snapshot> | Snapshot;
  /** Every value is in the new tables, and none that was not there. */
  expectNothingLost(before: Snapshot): Promise<unknown> | unknown;
  drop(): Promise<void>;
}

/** A database that OpenMemory has filled for several users; the same rows each time. */
export class OldPlace {
  private constructor(private readonly kind: Kind) {}

  static async make(memories: number): Promise<OldPlace> {
    return new OldPlace(onPostgres ? await onServer(memories) : inFile(memories));
  }

  get place(): string {
    return this.kind.place;
  }

  get env(): NodeJS.ProcessEnv {
    return this.kind.env;
  }

  snapshot(): Promise<Snapshot> | Snapshot {
    return this.kind.snapshot();
  }

  /** All there is while the old tables stand, as text that can be compared. */
  async oldRows(): Promise<unknown> {
    return comparable(await this.kind.snapshot());
  }

  async expectNothingLost(before: Snapshot): Promise<void> {
    await this.kind.expectNothingLost(before);
  }

  /** Runs a command of the project on it, as it is after the build. */
  run(command: string, ...args: string[]): Promise<Finished> {
    return runBuilt(`src/cli/${command}`, args, this.env);
  }

  /** The same, which must end well. @returns what it printed */
  async succeed(command: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(command, ...args);
    expect({ status, stderr }, `${command} ${args.join(' ')}: ${stdout}`).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  /** Takes the whole upgrade back, by the command. */
  async revertAll(): Promise<void> {
    for (let steps = 0; steps < 10; steps += 1) {
      if ((await this.succeed('migrate', 'revert', '--no-backup')).includes('version none')) return;
    }
    throw new Error('Reverting goes on for ever');
  }

  drop(): Promise<void> {
    return this.kind.drop();
  }
}

function inFile(memories: number): Kind {
  const path = makeFile(processFolder(), RELEASE, fill(memories));
  return {
    place: path,
    env: { DATABASE_URL: `sqlite:${path}` },
    snapshot: () => takeSnapshot(path),
    expectNothingLost: (before) => expectNothingLost(before, path),
    drop: async () => {},
  };
}

async function onServer(memories: number): Promise<Kind> {
  const made = await OpenMemoryPlace.make(RELEASE, fill(memories));
  return {
    place: urlOf(made.place.database),
    env: { ...made.place.env, ...made.settings },
    snapshot: () => made.snapshot(),
    expectNothingLost: (before) => made.expectNothingLost(before),
    drop: () => made.drop(),
  };
}
