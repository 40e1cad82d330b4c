import { isOpenMemoryTarget } from '../../src/http/openmemory-errors.js';
import type { Mutation } from './hostile-inputs.js';
import { hostileHeaderValue } from './hostile-values.js';

// What can be wrong with a request as HTTP: its method, headers, credentials and framing.

export const wrongMethod: Mutation = (draft, random, { route }) => {
  const methods = 'HEAD OPTIONS PUT POST PATCH DELETE GET TRACE CONNECT PROPFIND SEARCH FOO get'.split(' ');
  // The caller's memories are not what this is about, and OpenMemory's routes pass over what they do not know.
  const isDeleting = route.method === 'GET' && isOpenMemoryTarget(route.path);
  const method = random.pick(isDeleting ? methods.filter((one) => one !== 'DELETE') : methods);
  if (method === 'DELETE') draft.query.push('dry_run=true');
  draft.method = method;
  // It asks for a tunnel, which Node refuses by hanging up.
  draft.mayClose = method === 'CONNECT';
  return `method ${method}`;
};

export const wrongHeader: Mutation = (draft, random, { route }) => {
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
    'X-Api-Key',
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

export const wrongCredential: Mutation = (draft, random, aim) => {
  const [name, right] = random.pick(aim.credentials);
  const value = random.pick([
    undefined,
    'Bearer ',
    'Basic YTpi',
    right.slice(0, -1),
    `${right}x`,
    right.replace('.', '..'),
    encodeURIComponent(right),
    `%00${right}`,
    'ApiKey x',
    'Bearer cairn_YWNtZQ_x_y',
    `Bearer ${'x'.repeat(9_000)}`,
    `Bearer ${'a'.repeat(200_000)}`,
    hostileHeaderValue(random),
  ]);
  draft.headers = draft.headers.filter((header) => header[0] !== name);
  if (value !== undefined) draft.headers.push([name, value]);
  if (random.chance(0.2)) draft.headers.push([name, right]);
  return `${name} ${value?.slice(0, 20)}`;
};

export const wrongFraming: Mutation = (draft, random) => {
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
