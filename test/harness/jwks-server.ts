import { type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A little HTTP server that counts what it is asked. */
export interface Listener {
  readonly url: string;
  /** How many requests it got. */
  readonly requests: number;
  close(): Promise<void>;
}

export async function listen(answer: RequestListener): Promise<Listener> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** A key pair of an identity provider. */
export interface SigningPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As the provider shows it. */
  readonly jwk: Record<string, unknown>;
}

export function rsaPair(kid?: string, modulusLength = 2048): SigningPair {
  return pair(generateKeyPairSync('rsa', { modulusLength }), { kid, use: 'sig' });
}

export function ecPair(kid?: string): SigningPair {
  return pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }), { kid, use: 'sig' });
}

function pair(keys: { privateKey: KeyObject; publicKey: KeyObject }, names: object): SigningPair {
  // Exported and read again, so that the private key is a plain one whatever made it.
  const privateKey = createPrivateKey(keys.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return {
    privateKey,
    publicKey: keys.publicKey,
    jwk: { ...keys.publicKey.export({ format: 'jwk' }), ...names },
  };
}
