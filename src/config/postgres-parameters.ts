/*
 * What may follow the question mark of a PostgreSQL URL. libpq has some fifty parameters; what a service can do
 * without is accepted and left alone, and what would be missed if it were left alone is refused by name.
 */

/** What the service does with each parameter of a URL that it reads. */
export const READ = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'application_name',
  'connect_timeout',
  'options',
] as const;

export type ReadParameter = (typeof READ)[number];

/**
 * Parameters that change nothing here: the service keeps its connections alive and speaks UTF-8 in any case, and
 * the passwords it sends are protected by TLS rather than by channel binding, which every URL of Neon asks for.
 */
const LEFT_ALONE: readonly string[] = [
  'channel_binding',
  'client_encoding',
  'fallback_application_name',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'sslcompression',
  'sslnegotiation',
  'sslsni',
  'target_session_attrs',
  'tcp_user_timeout',
  'uselibpqcompat',
];

/** What to do instead, where that is known. */
const INSTEAD: Record<string, string> = {
  connection_limit: 'set DATABASE_POOL_SIZE instead',
  currentschema: 'set DATABASE_SCHEMA instead',
  pgbouncer: 'poolers need no switch here',
  pool_timeout: 'set DATABASE_ACQUIRE_TIMEOUT_MS instead',
  schema: 'set DATABASE_SCHEMA instead',
  search_path: 'set DATABASE_SCHEMA instead',
  ssl: 'say sslmode=require or sslmode=verify-full instead',
  sslcert: 'client certificates are not supported',
  sslkey: 'client certificates are not supported',
};

/**
 * What a pooler of Neon or Supabase wants to be told, to find the right server. Other options would set what the
 * service sets itself.
 */
const ROUTE = /^(?:endpoint|project|reference)=[\w.-]{1,128}$/;

export type Parameters = { readonly [N in ReadParameter]?: string };

/**
 * Reads the text after the question mark. Percent-encoding is undone as libpq does: a plus stays a plus.
 *
 * @returns the parameters that are read, or a sentence that says what is wrong, to follow the setting's name
 */
export function readParameters(query: string): Parameters | string {
  const found = new Map<string, string>();
  const foreign: string[] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const [, rawName, rawValue] = /^([^=]*)=?([^]*)$/.exec(part) as RegExpExecArray;
    const name = rawName.toLowerCase();
    const value = decoded(rawValue);
    if (value === undefined) return 'is a malformed PostgreSQL URL: a % in it does not begin an encoded byte';
    if (found.has(name)) return `gives ${shown(name)} twice`;
    found.set(name, value);
    if (!(READ as readonly string[]).includes(name) && !LEFT_ALONE.includes(name)) foreign.push(name);
  }
  if (foreign.length > 0) return `holds ${foreign.map(explained).join(', and ')}: leave it out`;
  return Object.fromEntries([...found].filter(([, value]) => value !== ''));
}

/** Whether these options say where a pooler finds the server, and may be sent to it. */
export function isRoute(options: string): boolean {
  return ROUTE.test(options);
}

/** Without percent-encoding; undefined where that is broken, or hides a byte that no value may hold. */
export function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text);
    return plain.includes('\0') ? undefined : plain;
  } catch {
    return undefined;
  }
}

function explained(name: string): string {
  const instead = Object.hasOwn(INSTEAD, name) ? ` (${INSTEAD[name]})` : '';
  return `the parameter ${shown(name)}, which Cairn does not take${instead}`;
}

/** A name that could be part of a password that was not encoded is not repeated. */
function shown(name: string): string {
  return /^[a-z_]{1,32}$/.test(name) ? name : 'of an odd name';
}
