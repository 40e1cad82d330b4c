import { type HomeContext, type HomeOf, quoteText } from './home.js';
import { integerOf, isIdText, jsonOf, milliseconds, numberOf, textOf } from './values.js';

const created = milliseconds('old."created_at"', 'NULL');
const updated = milliseconds('old."updated_at"', 'NULL');
const seen = milliseconds('old."last_seen_at"', 'NULL');
const CREATED_AT = `coalesce(${created}, ${updated}, ${seen}, 0)`;
const UPDATED_AT = `coalesce(${updated}, ${created}, ${seen}, 0)`;

/** The owner as the old row names it. */
const OWNER = `nullif(new."user_id", '')`;

export const memories: HomeOf = ({ tables }) => ({
  to: 'memories',
  join: `JOIN "old_places" place ON place."id" = old."id" AND place."row" = old."row"`,
  where: '1',
  values: {
    vault_id: 'place."vault_id"',
    id: 'old."id"',
    user_id: 'place."user_id"',
    collection: `CASE WHEN typeof(old."project_id") = 'text' THEN nullif(old."project_id", '') END`,
    session_id: 'NULL',
    position: 'place."position"',
    content: textOf('old."content"'),
    primary_sector: textOf('old."primary_sector"', `'semantic'`),
    sectors: sectorsSql(tables),
    tags: jsonOf('old."tags"', `'[]'`),
    metadata: jsonOf('old."meta"', `'{}'`),
    content_hash: `sha256_hex(CAST(${textOf('old."content"')} AS blob))`,
    salience: numberOf('old."salience"', '0.0'),
    decay_lambda: numberOf('old."decay_lambda"', '0.0'),
    last_seen_at: `coalesce(${seen}, ${updated}, ${created}, 0)`,
    version: integerOf('old."version"', '1'),
    created_at: CREATED_AT,
    updated_at: UPDATED_AT,
    expires_at: 'NULL',
  },
  match: 'new."vault_id" = place."vault_id" AND new."id" = old."id"',
  key: 'new."id"',
  keyColumns: ['id'],
  back: {
    id: 'new."id"',
    user_id: OWNER,
    project_id: 'new."collection"',
    content: 'new."content"',
    primary_sector: 'new."primary_sector"',
    tags: 'new."tags"',
    meta: 'new."metadata"',
    created_at: 'new."created_at"',
    updated_at: 'new."updated_at"',
    last_seen_at: 'new."last_seen_at"',
    salience: 'new."salience"',
    decay_lambda: 'new."decay_lambda"',
    version: 'new."version"',
  },
  belongs: '1',
  order: 'new."position"',
  reason: `CASE WHEN ${isIdText('old."id"')} THEN 'another memory has its id' ELSE 'its id is no text' END`,
});

/** The primary sector first, then those that there are vectors for. */
function sectorsSql(tables: HomeContext['tables']): string {
  const primary = textOf('old."primary_sector"', `'semantic'`);
  const others = tables
    .filter(({ kind }) => kind === 'vectors')
    .map(
      ({ staged }) => `SELECT CAST(v."sector" AS text) AS sector FROM "${staged}" v WHERE v."id" = old."id"`,
    );
  if (others.length === 0) return `json_array(${primary})`;
  return `(SELECT json_group_array(sector) FROM (SELECT ${primary} AS sector UNION ALL
    SELECT * FROM (SELECT DISTINCT sector FROM (${others.join(' UNION ALL ')})
                   WHERE sector <> ${primary} ORDER BY sector)))`;
}

/** By which the vectors of one old table are known. */
function modelPrefix(name: string): string {
  return `openmemory/${name}/`;
}

export const vectors: HomeOf = ({ table, tables, nameOf }) => {
  const logs = tables.find(({ kind }) => kind === 'logs');
  const model = logs
    ? `coalesce((SELECT CAST(log."model" AS text) FROM "${logs.staged}" log WHERE log."id" = old."id"), 'unknown')`
    : `'unknown'`;
  const prefix = quoteText(modelPrefix(table.name));
  const inPlace = 'new."vault_id" = place."vault_id" AND new."memory_id" = old."id"';
  return {
    to: 'vectors',
    join: `JOIN "old_places" place ON place."id" = old."id"`,
    where: `typeof(old."sector") = 'text' AND typeof(old."v") = 'blob' AND typeof(old."dim") = 'integer'`,
    values: {
      vault_id: 'place."vault_id"',
      memory_id: 'old."id"',
      sector: 'old."sector"',
      model: `${prefix} || ${model}`,
      user_id: 'place."user_id"',
      dim: 'old."dim"',
      v: 'old."v"',
    },
    match: `${inPlace} AND new."sector" = old."sector" AND new."model" = ${prefix} || ${model}`,
    key: 'json_array(new."memory_id", new."sector")',
    keyColumns: ['id', 'sector'],
    back: {
      id: 'new."memory_id"',
      sector: 'new."sector"',
      user_id: OWNER,
      project_id: collectionOf(nameOf('memories'), 'new."memory_id"'),
      v: 'new."v"',
      dim: 'new."dim"',
    },
    belongs: `substr(new."model", 1, ${modelPrefix(table.name).length}) = ${prefix}`,
    reason: `CASE WHEN EXISTS (SELECT 1 FROM "old_places" place WHERE place."id" = old."id")
      THEN 'its values are not those of a vector' ELSE 'its memory is missing' END`,
  };
};

export const waypoints: HomeOf = ({ table, nameOf }) => {
  const place = 'JOIN "old_places" place ON place."id" =';
  return {
    to: 'waypoints',
    join: `JOIN "old_edges" edge ON edge."src_id" = old."src_id" AND edge."dst_id" = old."dst_id"
        AND edge."source" = ${quoteText(table.name)} AND edge."row" = old."row"
      ${place} old."src_id"`,
    where: '1',
    values: {
      vault_id: 'place."vault_id"',
      src_id: 'old."src_id"',
      dst_id: 'old."dst_id"',
      type: `'similar'`,
      user_id: 'place."user_id"',
      weight: numberOf('old."weight"', '0.0'),
      metadata: `'{}'`,
      created_at: `coalesce(${created}, ${updated}, 0)`,
      updated_at: `coalesce(${updated}, ${created}, 0)`,
    },
    match: `new."vault_id" = place."vault_id" AND new."src_id" = old."src_id" AND new."dst_id" = old."dst_id"
      AND new."type" = 'similar'`,
    key: 'json_array(new."src_id", new."dst_id")',
    keyColumns: ['src_id', 'dst_id'],
    back: {
      src_id: 'new."src_id"',
      dst_id: 'new."dst_id"',
      user_id: OWNER,
      project_id: collectionOf(nameOf('memories'), 'new."src_id"'),
      weight: 'new."weight"',
      created_at: 'new."created_at"',
      updated_at: 'new."updated_at"',
    },
    belongs: `new."type" = 'similar'`,
    marked: table.name !== 'waypoints',
    reason: `CASE
      WHEN NOT EXISTS (SELECT 1 FROM "old_places" a WHERE a."id" = old."src_id")
        OR NOT EXISTS (SELECT 1 FROM "old_places" b WHERE b."id" = old."dst_id")
        THEN 'a memory at one of its ends is missing'
      WHEN EXISTS (SELECT 1 FROM "old_edges" e WHERE e."src_id" = old."src_id" AND e."dst_id" = old."dst_id")
        THEN 'there is such an edge already'
      ELSE 'its ends came into two vaults' END`,
  };
};

function collectionOf(memoriesTable: string, id: string): string {
  return `(SELECT m."collection" FROM "${memoriesTable}" m WHERE m."vault_id" = new."vault_id" AND m."id" = ${id})`;
}
