import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from './loopback.js';
import { isHost } from './postgres-url.js';

/*
 * The kinds of values a setting can have, as zod schemas from the raw text. A message continues the setting's
 * name ("PORT" + "must be …") and says what to set. No message repeats the value: it may be a secret that
 * was pasted into the wrong line.
 */

export const flag = z
  .string()
  .trim()
  .pipe(
    z.stringbool({
      truthy: ['true', '1', 'yes', 'on'],
      falsy: ['false', '0', 'no', 'off'],
      error: 'must be true or false',
    }),
  );

/** A whole number from `min` to `max`, both included. */
export function whole(min: number, max: number, unit = '') {
  const must = `must be a whole number${unit && ` of ${unit}`} from ${min} to ${max}`;
  return z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, must)
    .transform(Number)
    .pipe(z.number().min(min, must).max(max, must));
}

/** One of a few words, in any case. `refused` explains words that others accept and Cairn does not. */
export function choice<const T extends readonly string[]>(words: T, refused: Record<string, string> = {}) {
  return z
    .string()
    .trim()
    .toLowerCase()
    .pipe(
      z.enum(words, {
        error: ({ input }) =>
          typeof input === 'string' && Object.hasOwn(refused, input)
            ? refused[input]
            : `must be one of ${words.join(', ')}`,
      }),
    );
}

/** Any text that holds more than white space. */
export const text = z.string().trim().min(1, 'must not be blank: set a value, or leave it unset');

/** Passed on exactly as given: white space in a password is part of it. */
export const secret = z.string();

/** Comma-separated items, without duplicates. */
export function list<T>(item: z.ZodType<T, string>) {
  return z
    .string()
    .transform((raw) => raw.split(',').flatMap((part) => part.trim() || []))
    .pipe(z.array(item).min(1, 'must hold at least one item, separated by commas'))
    .transform((items): readonly T[] => [...new Set(items)]);
}

const MIB = 1024 * 1024;

/** A size in bytes, or with the unit kib or mib (kb and mb mean the same here). */
export function byteSize(min: number, max: number) {
  const must = `must be a size from ${min} bytes to ${max / MIB} MiB, such as 2097152, 512kib or 2mib`;
  return z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^\d{1,12} ?(b|ki?b|mi?b)?$/, must)
    .transform((raw) => Number.parseInt(raw, 10) * (raw.includes('m') ? MIB : raw.includes('k') ? 1024 : 1))
    .pipe(z.number().min(min, must).max(max, must));
}

const HOST_NAME = /^(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*$/;

/** An IP address or a host name. */
export const host = z
  .string()
  .trim()
  .transform((raw) => raw.replace(/^\[(.*)\]$/, '$1'))
  .refine((raw) => isIP(raw) !== 0 || HOST_NAME.test(raw), {
    error:
      'must be an IP address or a host name, without port: 127.0.0.1 for this machine only, 0.0.0.0 for all',
  });

/** Where a database server is: an address, a name, or the folder of a Unix socket. */
export const databaseHost = z
  .string()
  .trim()
  .transform((raw) => raw.replace(/^\[(.*)\]$/, '$1'))
  .refine(isHost, {
    error: 'must be a host name, an IP address or the folder of a Unix socket, without port',
  });

/**
 * The address of something whose answer is trusted: https, or plain http on loopback alone, where nobody
 * stands in between.
 */
export const trustedUrl = z
  .string()
  .trim()
  .refine((raw) => URL.canParse(raw), { error: 'must be a URL that starts with https://', abort: true })
  .refine(
    (raw) => {
      const { protocol, hostname } = new URL(raw);
      return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
    },
    { error: 'must start with https:// (http:// is accepted on loopback only)', abort: true },
  )
  .refine((raw) => new URL(raw).username === '' && new URL(raw).password === '', {
    error: 'must not hold a user name or password',
  });

/** Where callers reach the service; without a slash at its end. */
export const publicUrl = trustedUrl
  .refine((raw) => !/[?#]/.test(raw), { error: 'must not hold a query or a fragment', abort: true })
  .transform((raw) => new URL(raw).href.replace(/\/+$/, ''));

/** The origin of a web page: scheme, host and port. */
export const origin = z
  .string()
  .refine(
    (raw) => {
      if (!URL.canParse(raw)) return false;
      const url = new URL(raw);
      return /^https?:$/.test(url.protocol) && (url.href === url.origin || url.href === `${url.origin}/`);
    },
    {
      error: 'must list origins such as https://app.example.com, without path; * is not accepted',
      abort: true,
    },
  )
  .transform((raw) => new URL(raw).origin);

/** A name in a PostgreSQL database; 63 bytes is its NAMEDATALEN - 1. */
export const identifier = z
  .string()
  .trim()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/,
    'must be a PostgreSQL name: up to 63 letters, digits, _, $ or -, the first a letter or _',
  );
