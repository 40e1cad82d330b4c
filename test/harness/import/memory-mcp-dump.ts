import { readFileSync, writeFileSync } from 'node:fs';
import type { Random } from '../random.js';

/** Values as PostgreSQL writes them as text; what is left out is null. */
export type McpValues = Readonly<Record<string, string | null>>;
export type McpRows = Readonly<Record<string, readonly McpValues[]>>;
/** How rows are written: as pg_dump does without options, with --inserts, --column-inserts, or --rows-per-insert. */
export type DumpForm = 'copy' | 'inserts' | 'column-inserts' | 'rows-per-insert';
export const DUMP_FORMS: readonly DumpForm[] = ['copy', 'inserts', 'column-inserts', 'rows-per-insert'];

export const LEVELS = [1, 2, 3, 4, 5] as const;
export type Level = (typeof LEVELS)[number];

/** In the order in which pg_dump writes their rows. */
const TABLES = ['memories', 'memory_indexes', 'memory_relationships', 'memory_usage_log'];
const ENDS = '\nALTER TABLE ONLY public.memories\n';

/** A database of Memory MCP without rows, as pg_dump writes it. */
export function schemaAt(level: Level): string {
  return readFileSync(`test/fixtures/memory-mcp/schema-level${level}.sql`, 'utf8');
}

export function columnsAt(level: Level, table: string): string[] {
  const body = new RegExp(`CREATE TABLE public\\.${table} \\(\\n([^;]*)\\n\\);`).exec(schemaAt(level))![1];
  return body
    .split('\n')
    .map((line) => line.trim().split(' ')[0])
    .filter((name) => name !== 'CONSTRAINT');
}

/** The rows with the columns of a level, as they come out of it. */
export function rowsAt(level: Level, rows: McpRows): Map<string, McpValues[]> {
  return new Map(
    TABLES.map((table) => [
      table,
      (rows[table] ?? []).map((row) =>
        Object.fromEntries(columnsAt(level, table).map((column) => [column, row[column] ?? null])),
      ),
    ]),
  );
}

/** @param random chooses among the ways in which a value may be written; without it as pg_dump writes it */
export function dumpOf(level: Level, rows: McpRows, form: DumpForm = 'copy', random?: Random): string {
  const schema = schemaAt(level);
  const at = schema.indexOf(ENDS);
  const data = [...rowsAt(level, rows)].map(([table, list]) => {
    const columns = columnsAt(level, table);
    const values = list.map((row) => columns.map((column) => row[column]));
    return tableData(`public.${table}`, columns, values, form, random);
  });
  return `${schema.slice(0, at)}\n${data.join('\n')}${schema.slice(at)}`;
}

export function writeDump(path: string, ...of: Parameters<typeof dumpOf>): string {
  writeFileSync(path, dumpOf(...of));
  return path;
}

/** Rows as pg_dump writes them. */
export function tableData(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  form: DumpForm,
  random?: Random,
): string {
  if (form === 'copy') {
    const lines = rows.map((row) => `${row.map((value) => copied(value, random)).join('\t')}\n`);
    return `COPY ${table} (${columns.join(', ')}) FROM stdin;\n${lines.join('')}\\.\n`;
  }
  const list = form === 'column-inserts' || random?.chance(0.5) ? ` (${columns.join(', ')})` : '';
  const tuples = rows.map((row) => `(${row.map((value) => literal(value, random)).join(', ')})`);
  if (form === 'rows-per-insert')
    return tuples.length === 0 ? '' : `INSERT INTO ${table}${list} VALUES\n\t${tuples.join(',\n\t')};\n`;
  return tuples.map((tuple) => `INSERT INTO ${table}${list} VALUES ${tuple};\n`).join('');
}

const LETTERS: Readonly<Record<string, string>> = {
  ...{ '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\' },
};

/** PostgreSQL, COPY, "Text Format". */
function copied(value: string | null, random?: Random): string {
  if (value === null) return '\\N';
  return [...value]
    .map((char) => {
      const way = random?.below(12) ?? 11;
      const bytes = [...Buffer.from(char, 'utf8')];
      if (way === 0) return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
      if (way === 1) return bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
      // Behind a backslash anything that has no meaning there is itself; a bare carriage return PostgreSQL refuses.
      if (way === 2 && /[^0-7bfnrtvxN.\r]/.test(char) && char.length === 1) return `\\${char}`;
      return char in LETTERS ? `\\${LETTERS[char]}` : char;
    })
    .join('');
}

/** PostgreSQL, "String Constants", "with C-Style Escapes", "Dollar-Quoted". */
function literal(value: string | null, random?: Random): string {
  if (value === null) return random?.chance(0.5) ? 'null' : 'NULL';
  const way = random?.below(6) ?? 5;
  if (/^-?\d+$/.test(value) && way < 3) return value;
  const cast = way % 2 === 0 && random ? random.pick(['::text', '::character varying(9)', '']) : '';
  if (way === 1 || way === 2) return `E'${escaped(value, random!)}'${cast}`;
  if (way === 3) {
    const tag = ['', 'x', 'tag_1', 'é'].find((one) => !`${value}$`.includes(`$${one}$`));
    if (tag !== undefined) return `$${tag}$${value}$${tag}$${cast}`;
  }
  return `'${value.replaceAll("'", "''")}'${cast}`;
}

function escaped(value: string, random: Random): string {
  return [...value]
    .map((char) => {
      const code = char.codePointAt(0)!;
      const bytes = [...Buffer.from(char, 'utf8')];
      switch (random.below(8)) {
        case 0:
          return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
        case 1:
          return bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
        case 2:
          return char.length === 2
            ? [...char.split('')]
                .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
                .join('')
            : `\\u${code.toString(16).padStart(4, '0')}`;
        case 3:
          return `\\U${code.toString(16).padStart(8, '0')}`;
        default:
          if (char === "'") return random.chance(0.5) ? "''" : "\\'";
          return char === '\v' ? char : char in LETTERS ? `\\${LETTERS[char]}` : char;
      }
    })
    .join('');
}
