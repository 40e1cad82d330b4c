import 'reflect-metadata';
import { contextChecks } from '../tenancy/checks/context.js';
import { nestedChecks } from '../tenancy/checks/nested.js';
import { snapshotChecks } from '../tenancy/checks/snapshots.js';
import { failingChecks } from '../tenancy/examine.js';
import { postgresChecks } from './unit-checks.js';

/** A server is another process, and a check of hundreds of statements takes its time. Milliseconds. */
const PATIENCE = 8_000;

/** The name of the first check that fails on PostgreSQL. @param template an empty database */
export function failingOnPostgres(template: string): Promise<string[]> {
  const checks = [...postgresChecks, ...contextChecks, ...nestedChecks, ...snapshotChecks];
  return failingChecks(template, checks, PATIENCE);
}
