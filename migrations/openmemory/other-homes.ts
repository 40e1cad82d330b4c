import type { HomeOf } from './home.js';
import { ownerSql } from './owners.js';
import { integerOf, isIdText, jsonOf, milliseconds, numberOf, textOf } from './values.js';

const OWNER = `nullif(new."user_id", '')`;
const time = (column: string, otherwise: string) => milliseconds(`old."${column}"`, otherwise);
/** No value, and the empty object, which old rows without metadata have become. */
const METADATA_BACK = `CASE new."metadata" WHEN '{}' THEN NULL ELSE new."metadata" END`;

export const users: HomeOf = () => ({
  to: 'users',
  join: `JOIN "old_owners" owner ON owner."owner" = ${ownerSql(['user_id'])}`,
  where: `typeof(old."user_id") = 'text' AND old."user_id" <> ''`,
  values: {
    vault_id: 'owner."vault_id"',
    user_id: 'owner."owner"',
    summary: 'CAST(old."summary" AS text)',
    summary_manual: '0',
    reflection_count: integerOf('old."reflection_count"', '0'),
    created_at: time('created_at', time('updated_at', '0')),
    updated_at: time('updated_at', time('created_at', '0')),
  },
  match: 'new."vault_id" = owner."vault_id" AND new."user_id" = owner."owner"',
  key: 'new."user_id"',
  keyColumns: ['user_id'],
  back: {
    user_id: 'new."user_id"',
    summary: 'new."summary"',
    reflection_count: 'new."reflection_count"',
    created_at: 'new."created_at"',
    updated_at: 'new."updated_at"',
  },
  belongs: '1',
  reason: `'it names no user'`,
});

/** What an old event had for an id. Those of the service have none, and no JSON there either. */
const EVENT_ID = `CASE WHEN json_valid(new."dims") AND json_type(new."dims", '$.id') = 'integer'
  THEN json_extract(new."dims", '$.id') END`;

export const stats: HomeOf = () => ({
  to: 'stats',
  join: `JOIN "old_owners" owner ON owner."owner" = ''`,
  where: '1',
  values: {
    vault_id: 'owner."vault_id"',
    user_id: `''`,
    type: textOf('old."type"'),
    ts: integerOf('old."ts"', '0'),
    // Two events of one type in the same millisecond stay two.
    dims: `json_object('id', old."id")`,
    count: integerOf('old."count"', '1'),
  },
  match: `new."vault_id" = owner."vault_id" AND new."user_id" = '' AND new."type" = ${textOf('old."type"')}
    AND new."ts" = ${integerOf('old."ts"', '0')} AND new."dims" = json_object('id', old."id")`,
  key: `(${EVENT_ID})`,
  keyColumns: ['id'],
  back: {
    id: `(${EVENT_ID})`,
    type: 'new."type"',
    count: 'new."count"',
    ts: 'new."ts"',
  },
  belongs: `(${EVENT_ID}) IS NOT NULL`,
  reason: `''`,
});

export const facts: HomeOf = () => ({
  to: 'facts',
  join: `JOIN "old_facts" place ON place."id" = old."id" AND place."row" = old."row"`,
  where: '1',
  values: {
    vault_id: 'place."vault_id"',
    id: 'old."id"',
    user_id: 'place."user_id"',
    collection: `CASE WHEN typeof(old."project_id") = 'text' THEN nullif(old."project_id", '') END`,
    subject: textOf('old."subject"'),
    predicate: textOf('old."predicate"'),
    object: textOf('old."object"'),
    valid_from: time('valid_from', '0'),
    valid_to: time('valid_to', 'NULL'),
    confidence: numberOf('old."confidence"', '1.0'),
    metadata: jsonOf('old."metadata"', `'{}'`),
    last_updated: time('last_updated', time('valid_from', '0')),
  },
  match: 'new."vault_id" = place."vault_id" AND new."id" = old."id"',
  key: 'new."id"',
  keyColumns: ['id'],
  back: {
    id: 'new."id"',
    user_id: OWNER,
    project_id: 'new."collection"',
    subject: 'new."subject"',
    predicate: 'new."predicate"',
    object: 'new."object"',
    valid_from: 'new."valid_from"',
    valid_to: 'new."valid_to"',
    confidence: 'new."confidence"',
    last_updated: 'new."last_updated"',
    metadata: METADATA_BACK,
  },
  belongs: '1',
  reason: `CASE WHEN ${isIdText('old."id"')} THEN 'another fact has its id' ELSE 'its id is no text' END`,
});

export const factEdges: HomeOf = () => ({
  to: 'fact_edges',
  join: `JOIN "old_facts" place ON place."id" = old."source_id"
    JOIN "old_facts" target ON target."id" = old."target_id" AND target."vault_id" = place."vault_id"`,
  where: isIdText('old."id"'),
  values: {
    vault_id: 'place."vault_id"',
    id: 'old."id"',
    user_id: 'place."user_id"',
    source_id: 'old."source_id"',
    target_id: 'old."target_id"',
    relation_type: textOf('old."relation_type"'),
    valid_from: time('valid_from', '0'),
    valid_to: time('valid_to', 'NULL'),
    weight: numberOf('old."weight"', '1.0'),
    metadata: jsonOf('old."metadata"', `'{}'`),
  },
  match: 'new."vault_id" = place."vault_id" AND new."id" = old."id"',
  key: 'new."id"',
  keyColumns: ['id'],
  back: {
    id: 'new."id"',
    source_id: 'new."source_id"',
    target_id: 'new."target_id"',
    relation_type: 'new."relation_type"',
    valid_from: 'new."valid_from"',
    valid_to: 'new."valid_to"',
    weight: 'new."weight"',
    metadata: METADATA_BACK,
  },
  belongs: '1',
  reason: `CASE WHEN ${isIdText('old."id"')} THEN 'a fact at one of its ends is missing' ELSE 'its id is no text' END`,
});
