import { type Aim, type Draft, bodyOf, inList } from './hostile-draft.js';
import { hostileHeaderValue, hostileJson, hostileUrlPart } from './hostile-values.js';
import type { Random } from './random.js';

// What can be wrong with what a route reads: its body, its query, its path.

/** Does something wrong to a draft. @returns what, for messages */
export type Mutation = (draft: Draft, random: Random, aim: Aim) => string;

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
export const wrongField: Mutation = (draft, random, { route }) => {
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
  draft.body = Buffer.from(inList(route, bodyOf(route.body ?? {}, { name, value })));
  if (route.isList && random.chance(0.3)) asLines(draft);
  return `field ${name.slice(0, 20)} = ${value.slice(0, 30)}`;
};

function asLines(draft: Draft): void {
  draft.headers = draft.headers.map(([name, value]) => [
    name,
    name === 'Content-Type' ? 'application/x-ndjson' : value,
  ]);
  draft.body = Buffer.from(draft.body!.toString().slice(1, -1).replace('},{', '}\n{'));
}

export const wrongBody: Mutation = (draft, random, { route }) => {
  const value = hostileJson(random);
  draft.body = Buffer.from(random.chance(0.5) ? inList(route, value) : value);
  return 'another body';
};

export const brokenBody: Mutation = (draft, random) => {
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

export const wrongType: Mutation = (draft, random) => {
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
    'application/x-ndjson',
    'application/jsonl',
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

export const wrongQuery: Mutation = (draft, random, { route }) => {
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

export const wrongPath: Mutation = (draft, random) => {
  const at = draft.path.length > 2 && random.chance(0.8) ? draft.path.length - 1 - random.below(2) : 1;
  const value = hostileUrlPart(random);
  draft.path[at] = random.chance(0.7) ? value : draft.path[at] + value;
  return `path ${value.slice(0, 40)}`;
};
