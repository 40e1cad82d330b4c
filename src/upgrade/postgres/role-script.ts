import { quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import { type RoleTarget, recommendations, roleStatements } from './role-statements.js';

/** What psql runs to the same end as `applyRoles`; no password stands in it. */
export function roleScript(target: RoleTarget): string {
  const { database, roles } = target;
  return [
    `-- The roles and the schema of Cairn. Run it with psql in the database ${quoteIdentifier(database)}, by`,
    '-- somebody who may create roles; it can be run again.',
    '\\set ON_ERROR_STOP on',
    'BEGIN;',
    ...roleStatements(target).flatMap(({ about, sql }) => ['', `-- ${about}`, `${sql};`]),
    '',
    'COMMIT;',
    '',
    '-- Passwords: psql asks for each, and sends none as it is. Roles that have one can keep it.',
    ...Object.values(roles).map((role) => `\\password ${quoteIdentifier(role)}`),
    '',
    ...recommendations(target).map((line) => `-- ${line}`),
    '-- What the roles may do with each table is set by npm run migration:run.',
  ].join('\n');
}
