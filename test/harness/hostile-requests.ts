import type { ApiRoute, Fields } from './api-routes.js';
import { hostileHeaderValue, hostileJson, hostileUrlPart } from './hostile-values.js';
import type { Random } from './random.js';
import type { RawRequest } from './raw-connection.js';

/** Text that the service accepts for a field, as JSON. A field it does not hold is tried with some text. */
const ACCEPTABLE: Readonly<Record<string, string>> = {
  content: '"The owl sat in the barn at night."',
  query: '"owl in the barn"',
  limit: '5',
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
  count: 'true',
  dry_run: 'true',
  user_id: '"ana"',
};

/** Node's limit for all headers of a request together. */
const MAX_HEADER_BYTES = 16_384;

/** What a caller needs to know beforehand. */
export interface Aim {
  readonly route: ApiRoute;
  readonly token: string;
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
class Draft {
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

  constructor({ route, token, id }: Aim) {
    this.method = route.method;
    this.path = route.path.split('/').map((part) => (part.startsWith(':') ? id : part));
    this.headers = [
      ['Host', 'localhost'],
      ['Authorization', `Bearer ${token}`],
    ];
    if (route.body) {
      this.headers.push(['Content-Type', 'application/json']);
      this.body = Buffer.from(bodyOf(route.body));
    }
    for (const name of Object.keys(route.query)) {
      if (name !== 'cursor') this.query.push(`${name}=${encodeURIComponent(JSON.parse(acceptable(name)))}`);
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

function acceptable(name: string): string {
  return ACCEPTABLE[name] ?? '"x"';
}

/** Some of a body's fields with values that are accepted. */
function bodyOf(fields: Fields, replaced?: { name: string; value: string }): string {
  const members = Object.keys(fields)
    .filter((name) => name !== 'id' && name !== 'on_duplicate')
    .map((name) => {
      const own = Object.keys(fields[name]).length > 0 ? bodyOf(fields[name]) : acceptable(name);
      return `${JSON.stringify(name)}:${name === replaced?.name ? replaced.value : own}`;
    });
  if (replaced && !members.some((member) => member.startsWith(`"${replaced.name}"`))) {
    members.push(`${JSON.stringify(replaced.name)}:${replaced.value}`);
  }
  return `{${members.join(',')}}`;
}

type Mutation = (draft: Draft, random: Random, aim: Aim) => string;

const STRANGE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'vault_id',
  'x'.repeat(5_000),
  'a.b',
  '\ud800',
];

/** The body with a hostile value at some field, at any depth. */
const wrongField: Mutation = (draft, random, { route }) => {
  const name = random.pick([
    ...Object.keys(route.body ?? {}),
    ...Object.keys(route.body ?? {}),
    ...STRANGE_NAMES,
  ]);
  const fields = route.body?.[name] ?? {};
  const inner = Object.keys(fields);
  const value =
    inner.length > 0 && random.chance(0.7)
      ? bodyOf(fields, { name: random.pick([...inner, ...STRANGE_NAMES]), value: hostileJson(random) })
      : hostileJson(random);
  draft.body = Buffer.from(bodyOf(route.body ?? {}, { name, value }));
  return `field ${name.slice(0, 20)} = ${value.slice(0, 30)}`;
};

const wrongBody: Mutation = (draft, random) => {
  draft.body = Buffer.from(hostileJson(random));
  return 'another body';
};

const brokenBody: Mutation = (draft, random) => {
  const body = draft.body ?? Buffer.from('{}');
  const at = random.below(body.length + 1);
  const junk = random.pick([
    Buffer.from([0xff]),
    Buffer.from([0xc3, 0x28]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xf4, 0x90, 0x80, 0x80]),
    Buffer.from([0]),
    Buffer.from('\ufeff'),
    Buffer.from('}'),
    Buffer.from('"'),
    Buffer.from('\\'),
    Buffer.from('{"a":'),
    Buffer.from(',,'),
  ]);
  draft.body = random.pick([
    () => body.subarray(0, at),
    () => Buffer.concat([body.subarray(0, at), junk, body.subarray(at)]),
    () => Buffer.concat([body, body]),
    () => Buffer.alloc(0),
    () => Buffer.alloc(3 * 1024 * 1024, 0x20),
    () => Buffer.concat([Buffer.from('\ufeff'), body]),
    () => Buffer.from(body.toString(), 'utf16le'),
    () => Buffer.from(`a=1&b=${encodeURIComponent(body.toString())}`),
  ])();
  return 'broken body';
};

const wrongType: Mutation = (draft, random) => {
  draft.headers = draft.headers.filter(([name]) => name !== 'Content-Type');
  const type = random.pick([
    undefined,
    '',
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/jsonx',
    'application/json, text/plain',
    'application/problem+json',
    ';',
    'application/json;'.repeat(200),
    hostileHeaderValue(random),
  ]);
  if (type !== undefined) draft.headers.push(['Content-Type', type]);
  draft.body ??= Buffer.from('{"a":1}');
  return `type ${type?.slice(0, 30)}`;
};

const wrongQuery: Mutation = (draft, random, { route }) => {
  const names = [
    ...Object.keys(route.query),
    ...Object.keys(route.query),
    'x',
    'limit[]',
    'a[b][c]',
    '__proto__',
    '',
  ];
  const name = random.pick(names);
  const value = hostileUrlPart(random);
  if (random.chance(0.5)) draft.query = draft.query.filter((part) => !part.startsWith(`${name}=`));
  const part = random.pick([
    `${name}=${value}`,
    `${name}=${value}&${name}=${value}`,
    name,
    `${value}=${name}`,
    `&&=&${name}==${value}`,
  ]);
  draft.query.splice(random.below(draft.query.length + 1), 0, part);
  return `query ${part.slice(0, 40)}`;
};

const wrongPath: Mutation = (draft, random) => {
  const at = draft.path.length > 2 && random.chance(0.8) ? draft.path.length - 1 - random.below(2) : 1;
  const value = hostileUrlPart(random);
  draft.path[at] = random.chance(0.7) ? value : draft.path[at] + value;
  return `path ${value.slice(0, 40)}`;
};

const wrongMethod: Mutation = (draft, random) => {
  const method = random.pick(
    'HEAD OPTIONS PUT POST PATCH DELETE GET TRACE CONNECT PROPFIND SEARCH FOO get'.split(' '),
  );
  // The caller's memories are not what this is about.
  if (method === 'DELETE') draft.query.push('dry_run=true');
  draft.method = method;
  // It asks for a tunnel, which Node refuses by hanging up.
  draft.mayClose = method === 'CONNECT';
  return `method ${method}`;
};

const wrongHeader: Mutation = (draft, random, { route }) => {
  const name = random.pick([
    ...route.headers,
    ...route.headers,
    'If-Match',
    'If-None-Match',
    'X-Request-Id',
    'Accept',
    'Accept-Encoding',
    'Content-Encoding',
    'Range',
    'Cookie',
    'Origin',
    'X-Vault-Id',
    'X-User-Id',
    'X-HTTP-Method-Override',
    'Idempotency-Key',
    'Forwarded',
    'X-Forwarded-For',
    'Upgrade',
    'Connection',
    'Expect',
    'TE',
    'Traceparent',
  ]);
  const value = hostileHeaderValue(random);
  const repeat = random.pick([1, 1, 1, 2, 90, 1_500]);
  for (let i = 0; i < repeat; i += 1) draft.headers.push([name, value]);
  return `${repeat} × ${name}: ${JSON.stringify(value.slice(0, 30))}`;
};

const wrongCredential: Mutation = (draft, random, aim) => {
  const token = `Bearer ${aim.token}`;
  const value = random.pick([
    undefined,
    'Bearer ',
    'Basic YTpi',
    token.slice(0, -1),
    `${token}x`,
    token.replace('.', '..'),
    `Bearer ${'x'.repeat(9_000)}`,
    `Bearer ${'a'.repeat(200_000)}`,
    hostileHeaderValue(random),
  ]);
  draft.headers = draft.headers.filter(([name]) => name !== 'Authorization');
  if (value !== undefined) draft.headers.push(['Authorization', value]);
  if (random.chance(0.2)) draft.headers.push(['Authorization', token]);
  return `credential ${value?.slice(0, 20)}`;
};

const wrongFraming: Mutation = (draft, random) => {
  draft.alone = true;
  const body = draft.body ?? Buffer.from('{"a":1}');
  draft.body = body;
  const chunked = (text: string) => {
    draft.headers.push(['Transfer-Encoding', 'chunked']);
    draft.length = undefined;
    draft.body = Buffer.from(text, 'latin1');
  };
  return random.pick([
    () => ((draft.cutAt = random.next()), 'cut off'),
    () => ((draft.length = body.length + 1 + random.below(100)), (draft.cutAt = 1), 'shorter than it says'),
    () => ((draft.length = random.below(body.length)), 'longer than it says'),
    () => ((draft.length = -1), 'negative length'),
    () => ((draft.length = 1e30), (draft.cutAt = 1), 'endless length'),
    () => (draft.headers.push(['Content-Length', '5']), 'two lengths'),
    () => (draft.headers.push(['Transfer-Encoding', 'chunked']), 'length and chunks'),
    () => (chunked('zz\r\nabc\r\n0\r\n\r\n'), 'a chunk size that is none'),
    () => (chunked(`${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n\r\n`), 'chunks'),
    () => (chunked('ffffffffffffffff\r\n'), (draft.cutAt = 1), 'a chunk without end'),
    () => ((draft.version = 'HTTP/1.0'), 'HTTP/1.0'),
    () => ((draft.version = 'HTTP/2.0'), 'HTTP/2.0'),
    () => ((draft.version = ''), 'HTTP/0.9'),
    () => ((draft.target = `http://other.example${draft.path.join('/')}`), 'absolute target'),
    () => ((draft.target = '*'), 'target *'),
    () => ((draft.target = '//'), 'target //'),
    () => ((draft.headers = draft.headers.filter(([name]) => name !== 'Host')), 'no Host'),
    () => (draft.headers.push(['Host', 'other']), 'two Hosts'),
  ])();
};

/** @returns a request to the route with one thing wrong, or two */
export function hostileRequest(aim: Aim, random: Random): Hostile {
  const draft = new Draft(aim);
  const mutations: Mutation[] = [
    wrongHeader,
    wrongMethod,
    wrongCredential,
    wrongFraming,
    wrongQuery,
    wrongPath,
  ];
  if (Object.keys(aim.route.query).length > 0)
    mutations.push(wrongQuery, wrongQuery, wrongQuery, wrongQuery, wrongQuery);
  if (aim.route.path.includes(':')) mutations.push(wrongPath, wrongPath, wrongPath);
  if (aim.route.body) {
    for (let i = 0; i < 10; i += 1) mutations.push(wrongField);
    mutations.push(wrongBody, brokenBody, brokenBody, brokenBody, wrongType, wrongType);
  } else if (random.chance(0.2)) {
    mutations.push(wrongType, wrongBody);
  }
  const count = random.chance(0.85) ? 1 : 2;
  for (let i = 0; i < count; i += 1) {
    draft.notes.push(random.pick(mutations)(draft, random, aim));
  }
  return draft.toRequest();
}
