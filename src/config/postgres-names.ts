import { z } from 'zod';

/*
 * Names in a PostgreSQL database. Only those that mean the same quoted and unquoted, so that a statement which
 * somebody types by hand beside the service's own means the same schema and the same role.
 */

const FORM =
  'must be a PostgreSQL name: up to 63 lower-case letters, digits and _, the first a letter or _, not beginning with pg_';

/** 63 bytes are PostgreSQL's NAMEDATALEN - 1, and it keeps names that begin with pg_ to itself. */
const name = z
  .string()
  .trim()
  .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/, { error: FORM, abort: true });

/** The schema that holds the tables. */
export const schemaName = name.refine((schema) => schema !== 'public', {
  error:
    'must not be public: every application of the database shares it, its default privileges and its place in ' +
    'every search path, so roles cannot be kept out of it; set a schema of its own, such as cairn',
});

/** A role. These two are words of the GRANT statement and cannot be roles. */
export const roleName = name.refine((role) => role !== 'public' && role !== 'none', {
  error: 'must not be public or none, which PostgreSQL does not let a role be called',
});

/** The same to every client: what is not ASCII each prepares in its own way before it is hashed. */
export const rolePassword = z
  .string()
  .regex(/^[\x20-\x7e]{1,256}$/, 'must be 1 to 256 printable characters of ASCII');
