import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

/** The parser of YAML that comes with the framework's OpenAPI module. */
const yaml = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'))('js-yaml') as {
  load(text: string): unknown;
};

describe('.github/workflows/ci.yml', () => {
  interface Job {
    needs?: string[];
    permissions?: Record<string, string>;
    strategy?: { matrix: { node: number[] } };
    services?: { postgres: { image: string } };
    steps: { uses?: string; run?: string; with?: Record<string, string> }[];
  }
  const workflow = yaml.load(readFileSync('.github/workflows/ci.yml', 'utf8')) as {
    on: Record<string, unknown>;
    permissions: Record<string, string>;
    jobs: Record<string, Job>;
  };
  const { test, image } = workflow.jobs;

  it('tests on every Node.js that is supported, and on PostgreSQL', () => {
    expect(test.strategy?.matrix.node).toEqual([20, 22, 24]);
    const commands = test.steps.flatMap(({ run }) => run ?? []);
    expect(commands).toEqual(['npm ci', 'npm run lint', 'npm run typecheck', 'npm run build', 'npm test']);
    expect(workflow.jobs['test-backend-postgres'].services?.postgres.image).toMatch(
      /^pgvector\/pgvector:pg\d+$/,
    );
  });

  it('pushes images only after the tests, from the main branch and from tags', () => {
    expect(image.needs?.toSorted()).toEqual(
      Object.keys(workflow.jobs)
        .filter((name) => name !== 'image')
        .sort(),
    );
    expect(workflow.on).toEqual({ push: { branches: ['main'], tags: ['v*'] }, pull_request: null });
    const [build] = image.steps.flatMap(({ uses, with: options }) =>
      uses?.startsWith('docker/build-push-action@') ? [options] : [],
    );
    expect(build).toMatchObject({
      file: 'docker/Dockerfile',
      platforms: 'linux/amd64,linux/arm64',
      push: "${{ github.event_name == 'push' }}",
    });
  });

  it('may do no more than it has to, by actions of a known version', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const wider = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions);
    expect(wider.map(([name]) => name)).toEqual(['image']);
    const actions = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses }) => uses ?? []),
    );
    expect(actions.filter((action) => !/@v\d+$/.test(action))).toEqual([]);
  });
});
