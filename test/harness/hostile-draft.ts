import type { ApiRoute, Fields } from './api-routes.js';
import type { RawRequest } from './raw-connection.js';

/** Text that the service accepts for a field, as JSON. A field it does not hold is tried with some text. */
const ACCEPTABLE: Readonly<Record<string, string>> = {
  content: '"The owl sat in the barn at night."',
  query: '"owl in the barn"',
  limit: '5',
  max_tokens: '200',
  amount: '0.1',
  sectors: '["semantic"]',
  sector: '"episodic"',
  tags: '["target"]',
  tag: '"target"',
  metadata: '{"k":[1,"x"]}',
  created_at: '1700000000000',
  created_after: '1',
  created_before: '4102444800000',
  expires_at: '4102444800000',
  on_duplicate: '"store"',
  order: '"asc"',
  min_score: '0.1',
  include_superseded: 'true',
  count: 'true',
  dry_run: 'true',
  user_id: '"ana"',
  id: '"target"',
  k: '5',
  boost: '0.1',
  startTime: '1',
  endTime: '4102444800000',
  l: '5',
  u: '0',
  offset: '0',
  project_id: '""',
  memory_id: '"target"',
  src_id: '"target"',
  dst_id: '"target-2"',
  weight: '0.5',
  min_weight: '0.1',
  depth: '2',
  max_depth: '3',
  direction: '"both"',
  mode: '"strongest"',
  // Fields of one route whose names mean something else on others.
  '/v1/waypoints/path from': '"target"',
  '/v1/waypoints/path to': '"target-2"',
};

/** Node's limit for all headers of a request together. */
const MAX_HEADER_BYTES = 16_384;

/** What a caller needs to know beforehand. */
export interface Aim {
  readonly route: ApiRoute;
  /** The headers that say who is calling. */
  readonly credentials: readonly (readonly [name: string, value: string])[];
  /** The id of a memory of the caller. */
  readonly id: string;
}

export interface Hostile extends RawRequest {
  readonly method: string;
  /** What is wrong with it, for messages. */
  readonly note: string;
  /** The server may end the connection without a word: what it got is not a request, or not all of one. */
  readonly mayClose: boolean;
}

/** A request on its way to the wire; strings are latin1, a character a byte. */
export class Draft {
  method: string;
  readonly path: string[];
  query: string[] = [];
  headers: [name: string, value: string][];
  body: Buffer | undefined;
  /** Content-Length where it is not that of the body; undefined leaves the header out. */
  length: number | undefined | 'right' = 'right';
  version = 'HTTP/1.1';
  target: string | undefined;
  cutAt: number | undefined;
  /** Whether the connection is of no use after it. */
  alone = false;
  mayClose = false;
  readonly notes: string[] = [];

  constructor({ route, credentials, id }: Aim) {
    this.method = route.method;
    this.path = route.path.split('/').map((part) => {
      // A parameter that is called like a field gets what is accepted there: its own user, not just any id.
      if (part.startsWith(':'))
        return part.slice(1) in ACCEPTABLE ? (JSON.parse(acceptable(part.slice(1))) as string) : id;
      return part;
    });
    this.headers = [
      ['Host', 'localhost'],
      ...credentials.map(([name, value]): [string, string] => [name, value]),
    ];
    if (route.body) {
      this.headers.push(['Content-Type', 'application/json']);
      this.body = Buffer.from(inList(route, bodyOf(route.body)));
    }
    for (const name of Object.keys(route.query)) {
      if (name !== 'cursor')
        this.query.push(`${name}=${encodeURIComponent(JSON.parse(acceptable(name, route.path)))}`);
    }
    this.query = this.query.filter((part) => !part.startsWith('metadata='));
  }

  toRequest(): Hostile {
    const search = this.query.length > 0 ? `?${this.query.join('&')}` : '';
    const lines = [`${this.method} ${this.target ?? this.path.join('/') + search} ${this.version}`];
    for (const [name, value] of this.headers) lines.push(`${name}: ${value}`);
    if (this.length === 'right') {
      if (this.body) lines.push(`Content-Length: ${this.body.length}`);
    } else if (this.length !== undefined) {
      lines.push(`Content-Length: ${this.length}`);
    }
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    const whole = this.body ? Buffer.concat([head, this.body]) : head;
    const isCut = this.cutAt !== undefined;
    // More than Node reads of a header: it answers and hangs up, and what was still coming may drown the answer.
    const isHuge = head.length > MAX_HEADER_BYTES;
    return {
      bytes: this.cutAt === undefined ? whole : whole.subarray(0, Math.floor(this.cutAt * whole.length)),
      isHead: this.method === 'HEAD',
      alone: this.alone || isCut || isHuge,
      ends: isCut,
      mayClose: this.mayClose || isCut || isHuge,
      method: this.method,
      note: this.notes.join(', '),
    };
  }
}

/** A body as the route wants it: by itself, or with another in a list. */
export function inList({ isList, body }: ApiRoute, text: string): string {
  return isList ? `[${bodyOf(body!)},${text}]` : text;
}

function acceptable(name: string, path = ''): string {
  return ACCEPTABLE[`${path} ${name}`] ?? ACCEPTABLE[name] ?? '"x"';
}

/** Some of a body's fields with values that are accepted. */
export function bodyOf(fields: Fields, replaced?: { name: string; value: string }): string {
  const members = Object.keys(fields)
    // What is made gets a new id each time.
    .filter((name) => (name !== 'id' || !('content' in fields)) && name !== 'on_duplicate')
    .map((name) => {
      const own = Object.keys(fields[name]).length > 0 ? bodyOf(fields[name]) : acceptable(name);
      return `${JSON.stringify(name)}:${name === replaced?.name ? replaced.value : own}`;
    });
  if (replaced && !members.some((member) => member.startsWith(`"${replaced.name}"`))) {
    members.push(`${JSON.stringify(replaced.name)}:${replaced.value}`);
  }
  return `{${members.join(',')}}`;
}
