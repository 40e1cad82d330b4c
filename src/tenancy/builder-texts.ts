import type { DataSource, ObjectLiteral, QueryBuilder } from 'typeorm';
import { TextCache } from '../database/text-cache.js';

/** What the builders' helpers need of a builder. */
export interface TextBuilder {
  readonly dataSource: DataSource;
  readonly expressionMap: QueryBuilder<ObjectLiteral>['expressionMap'];
}

interface Texts {
  /** Statements with the columns' names in place of the properties'. */
  readonly names: TextCache<string>;
  /** `SELECT every column FROM table`. */
  readonly selections: TextCache<string>;
}

const known = new WeakMap<DataSource, Texts>();

function textsOf(dataSource: DataSource): Texts {
  let texts = known.get(dataSource);
  if (!texts) {
    texts = { names: new TextCache(), selections: new TextCache() };
    known.set(dataSource, texts);
  }
  return texts;
}

/**
 * TypeORM's replacement of property names by column names, once for each statement: it makes a regular
 * expression of all the names of the entities each time, which costs more than running most statements. What
 * comes out depends on the statement, the entities behind its aliases and two settings, which are the key.
 */
export function withColumnNames(
  { dataSource, expressionMap }: TextBuilder,
  statement: string,
  replace: () => string,
): string {
  const { aliases, aliasNamePrefixingEnabled, disableEscaping } = expressionMap;
  let key = `${aliasNamePrefixingEnabled}/${disableEscaping}`;
  for (const alias of aliases) if (alias.hasMetadata) key += `/${alias.name}:${alias.metadata.name}`;
  return textsOf(dataSource).names.get(`${key}\n${statement}`, replace);
}

/**
 * `SELECT … FROM …` of a query that reads whole entities of one table and nothing else, as most do; any other
 * is written anew.
 */
export function selectionOf({ dataSource, expressionMap }: TextBuilder, write: () => string): string {
  const { mainAlias, aliases, selects, joinAttributes } = expressionMap;
  const isWholeEntity =
    mainAlias?.hasMetadata === true &&
    aliases.length === 1 &&
    joinAttributes.length === 0 &&
    selects.length === 1 &&
    selects[0].selection === mainAlias.name &&
    selects[0].aliasName === undefined &&
    !expressionMap.selectDistinct &&
    expressionMap.selectDistinctOn.length === 0 &&
    expressionMap.lockMode === undefined;
  if (!isWholeEntity) return write();
  const { queryEntity, disableEscaping } = expressionMap;
  const key = `${mainAlias.metadata.name} ${mainAlias.name} ${queryEntity}/${disableEscaping}`;
  return textsOf(dataSource).selections.get(key, write);
}
