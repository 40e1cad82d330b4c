import { afterAll } from 'vitest';
import { dropDatabases } from './postgres-databases.js';

afterAll(dropDatabases);
