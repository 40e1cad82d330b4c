/** As far as a date goes; ECMAScript, "Time Values and Time Range". */
const MAX_TIME = 8_640_000_000_000_000;

/** A date, with or without a time. SQLite itself reads other texts as times too: `now`, and any number. */
const ISO_DATE = `'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'`;

/** SQL for ms since 1970 from a column that may hold anything; ISO times are understood. */
export function milliseconds(column: string, otherwise: string): string {
  const inRange = `${column} BETWEEN -${MAX_TIME} AND ${MAX_TIME}`;
  return `(CASE typeof(${column})
    WHEN 'integer' THEN CASE WHEN ${inRange} THEN ${column} ELSE ${otherwise} END
    WHEN 'real' THEN CASE WHEN ${inRange} THEN CAST(${column} AS integer) ELSE ${otherwise} END
    WHEN 'text' THEN CASE WHEN ${column} GLOB ${ISO_DATE}
      THEN coalesce(unixepoch(${column}) * 1000, ${otherwise}) ELSE ${otherwise} END
    ELSE ${otherwise} END)`;
}

/** SQL for text from a column that may hold anything. */
export function textOf(column: string, otherwise = `''`): string {
  return `coalesce(CAST(${column} AS text), ${otherwise})`;
}

/** SQL for a finite number from a column that may hold anything. */
export function numberOf(column: string, otherwise: string): string {
  return `(CASE WHEN typeof(${column}) IN ('integer', 'real') AND abs(${column} * 1.0) <= 1.7e308
    THEN CAST(${column} AS real) ELSE ${otherwise} END)`;
}

/** SQL for an integer that JavaScript holds exactly from a column that may hold anything. */
export function integerOf(column: string, otherwise: string): string {
  return `(CASE WHEN typeof(${column}) = 'integer' AND ${column} BETWEEN -9007199254740991 AND 9007199254740991
    THEN ${column} ELSE ${otherwise} END)`;
}

/** SQL for JSON text from a column that may hold anything: valid JSON stays as it is to the byte. */
export function jsonOf(column: string, otherwise: string): string {
  return `(CASE WHEN typeof(${column}) = 'text' AND is_json(${column}) THEN ${column} ELSE ${otherwise} END)`;
}

/** SQL for whether a column holds text that can be an id. */
export function isIdText(column: string): string {
  return `(typeof(${column}) = 'text' AND is_utf8(CAST(${column} AS blob)))`;
}
