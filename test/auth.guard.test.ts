import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticated, Public, RequirePermission } from '../src/auth/route-access.decorators.js';
import { NoTenantContextError, TenantContext } from '../src/tenancy/tenant-context.js';
import { type AuthApp, startAuthApp } from './harness/auth-app.js';
import { TEST_SECRET, authorized, mintToken, signParts } from './harness/tokens.js';

@Controller('things')
@RequirePermission('admin')
class ThingsController {
  @Get('read')
  @RequirePermission('read')
  read() {
    const { vaultId, userId, shareUnowned, includeExpired } = TenantContext.scope();
    return { vaultId, userId, shareUnowned, includeExpired };
  }

  @Get('inherited')
  inherited() {
    return {};
  }

  @Get('public')
  @Public()
  open() {
    let reaches = true;
    try {
      TenantContext.scope();
    } catch (error) {
      reaches = !(error instanceof NoTenantContextError);
    }
    return { reaches };
  }
}

let server: AuthApp;
beforeAll(async () => {
  server = await startAuthApp({ JWT_SECRET: TEST_SECRET }, [ThingsController]);
});
afterAll(() => server.close());

const bearer = (...args: Parameters<typeof mintToken>) => [
  'Authorization',
  authorized(...args).authorization,
];

describe('a private route', () => {
  it('answers 401 MISSING_TOKEN without a token', async () => {
    const { status, headers, body } = await server.get('/things/read');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer');
    expect(body).toMatchObject({ status: 401, code: 'MISSING_TOKEN' });
  });

  it('answers 401 INVALID_TOKEN to a token that is not accepted', async () => {
    const { status, headers, body } = await server.get('/things/read', ['Authorization', 'Bearer abc']);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer');
    expect(body).toMatchObject({ status: 401, code: 'INVALID_TOKEN' });
  });

  it('answers 403 FORBIDDEN without the permission, and names it', async () => {
    const { status, body } = await server.get(
      '/things/read',
      bearer({ vault: 'acme', user: 'u1', permissions: ['write'] }),
    );
    expect(status).toBe(403);
    expect(body).toMatchObject({ status: 403, code: 'FORBIDDEN', detail: expect.stringContaining('"read"') });
  });

  it('runs in the scope of the token', async () => {
    const { body } = await server.get('/things/read', bearer({ vault: 'acme', user: 'u1' }));
    expect(body).toEqual({ vaultId: 'acme', userId: 'u1', shareUnowned: false, includeExpired: false });
    const service = await server.get(
      '/things/read',
      bearer({ vault: 'acme', permissions: ['read', 'vault'] }),
    );
    expect(service.body).toEqual({ vaultId: 'acme', shareUnowned: false, includeExpired: false });
  });

  it('has the permission of its class where it names none itself', async () => {
    const asked = (permissions: string[]) =>
      server.get('/things/inherited', bearer({ vault: 'acme', user: 'u1', permissions }));
    expect((await asked(['read', 'write', 'delete'])).status).toBe(403);
    expect((await asked(['admin'])).status).toBe(200);
  });

  it('takes every permission for itself alone', async () => {
    for (const permission of ['write', 'delete', 'admin', 'vault', 'operator']) {
      const headers = bearer({ vault: 'acme', user: 'u1', permissions: [permission] });
      expect((await server.get('/things/read', headers)).status).toBe(403);
    }
  });

  it('does not look at X-Vault-Id and X-User-Id beside a token, nor instead of one', async () => {
    const headers = ['X-Vault-Id', 'other', 'X-User-Id', 'u2'];
    const { body } = await server.get('/things/read', [...bearer({ vault: 'acme', user: 'u1' }), ...headers]);
    expect(body).toMatchObject({ vaultId: 'acme', userId: 'u1' });
    expect((await server.get('/things/read', headers)).body.code).toBe('MISSING_TOKEN');
  });

  it('keeps requests that interleave apart', async () => {
    const vaults = Array.from({ length: 200 }, (_, at) => `vault-${at}`);
    const answers = await Promise.all(
      vaults.map((vault) => server.get('/things/read', bearer({ vault, user: `user of ${vault}` }))),
    );
    expect(answers.map(({ body }) => [body.vaultId, body.userId])).toEqual(
      vaults.map((vault) => [vault, `user of ${vault}`]),
    );
  });
});

describe('a public route', () => {
  it('answers anyone, in no vault, even beside a valid token', async () => {
    expect((await server.get('/things/public')).body).toEqual({ reaches: false });
    expect((await server.get('/things/public', bearer({ vault: 'acme', user: 'u1' }))).body).toEqual({
      reaches: false,
    });
    expect((await server.get('/things/public', ['Authorization', 'Bearer abc'])).status).toBe(200);
  });
});

describe('the Authorization header', () => {
  const token = mintToken({ vault: 'acme', user: 'u1' });
  const other = mintToken({ vault: 'other', user: 'u2' });

  it.each([[`Bearer ${token}`], [`bearer ${token}`], [`BEARER   ${token}`]])('is read: %s', async (value) => {
    expect((await server.get('/things/read', ['Authorization', value])).status).toBe(200);
  });

  const refused: [what: string, headers: string[]][] = [
    ['another scheme', ['Authorization', `Token ${token}`]],
    ['basic', ['Authorization', `Basic ${token}`]],
    ['no scheme', ['Authorization', token]],
    ['no token', ['Authorization', 'Bearer']],
    ['nothing', ['Authorization', '']],
    ['a tab', ['Authorization', `Bearer\t${token}`]],
    ['more behind', ['Authorization', `Bearer ${token} ${token}`]],
    ['a comma', ['Authorization', `Bearer ${token}, Bearer ${other}`]],
    ['quotes', ['Authorization', `Bearer "${token}"`]],
    ['two, the same', ['Authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}`]],
    ['two that differ', ['Authorization', `Bearer ${token}`, 'AUTHORIZATION', `Bearer ${other}`]],
    ['a good one before a bad one', ['Authorization', `Bearer ${token}`, 'Authorization', 'x']],
    ['a bad one before a good one', ['Authorization', 'x', 'Authorization', `Bearer ${token}`]],
  ];
  it.each(refused)('is refused: %s', async (_what, headers) => {
    expect(await server.get('/things/read', headers)).toMatchObject({
      status: 401,
      body: { code: 'INVALID_TOKEN' },
    });
  });

  it('is the only place where a token is looked for', async () => {
    const elsewhere = [
      'Proxy-Authorization',
      `Bearer ${token}`,
      'X-Access-Token',
      token,
      'Cookie',
      `access_token=${token}`,
    ];
    expect((await server.get('/things/read', elsewhere)).body.code).toBe('MISSING_TOKEN');
    expect((await server.get(`/things/read?access_token=${token}`)).body.code).toBe('MISSING_TOKEN');
  });
});

describe('the state of a vault', () => {
  it.each(['suspended', 'erasing', 'erased'] as const)(
    '%s: the same answer as to an invalid token',
    async (status) => {
      await server.putVault({ vaultId: `is-${status}`, status });
      const id = ['X-Request-Id', 'fixed'];
      const closed = await server.get('/things/read', [
        ...id,
        ...bearer({ vault: `is-${status}`, user: 'u1' }),
      ]);
      const invalid = await server.get('/things/read', [...id, 'Authorization', 'Bearer abc']);
      expect(closed.status).toBe(401);
      expect(closed.text).toBe(invalid.text);
      expect({ ...closed.headers, date: '' }).toEqual({ ...invalid.headers, date: '' });
      expect(
        (await server.get('/v1/whoami', bearer({ vault: `is-${status}`, permissions: ['vault'] }))).status,
      ).toBe(401);
    },
  );

  it('active: open, and whether rows without an owner are shared goes into the scope', async () => {
    await server.putVault({ vaultId: 'sharing', status: 'active', shareUnowned: true });
    const { body } = await server.get('/things/read', bearer({ vault: 'sharing', user: 'u1' }));
    expect(body).toMatchObject({ vaultId: 'sharing', shareUnowned: true });
  });
});

describe('what is logged', () => {
  it('says why a token was refused, and holds nothing of any token', async () => {
    const token = mintToken({ vault: 'canary-vault', user: 'canary-user', permissions: ['write'] });
    const expired = mintToken({ vault: 'canary-vault', user: 'canary-user', expiresInSeconds: -60 });
    const forged = signParts({ alg: 'HS256' }, { vault_id: 'canary-vault' }, 'another secret');
    await server.get('/things/read', ['Authorization', `Bearer ${token}`]);
    await server.get('/things/read', ['Authorization', `Bearer ${expired}`]);
    await server.get('/things/read', ['Authorization', `Bearer ${forged}`]);
    const log = server.log.join('\n');
    expect(log).toContain('Token refused: jwt expired');
    expect(log).toContain('Token refused: invalid signature');
    expect(log).not.toContain('canary');
    for (const part of token.split('.').slice(1)) expect(log).not.toContain(part.slice(0, 20));
  });
});

describe('a route that does not say who may call it', () => {
  it('keeps the service from starting, and is named', async () => {
    @Controller('silent')
    class SilentController {
      @Get('one')
      one() {}

      @Post(['two', 'three'])
      two() {}

      @Get('fine')
      @Authenticated()
      fine() {}
    }
    const starting = startAuthApp({ JWT_SECRET: TEST_SECRET }, [SilentController]);
    const names = ['GET /silent/one', 'POST /silent/two', 'POST /silent/three'];
    for (const name of names) await expect(starting).rejects.toThrow(name);
    await expect(starting).rejects.not.toThrow('/silent/fine');
  });

  it('is closed even to a service with every permission, should it come to be served', async () => {
    @Controller('later-silent')
    class LaterController {
      @Get()
      @Public()
      get() {
        return {};
      }
    }
    const later = await startAuthApp({}, [LaterController]);
    expect((await later.get('/later-silent')).status).toBe(200);
    Reflect.deleteMetadata('cairn:access', LaterController.prototype.get);
    const { status, body } = await later.get('/later-silent');
    await later.close();
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'FORBIDDEN' });
  });

  it('cannot say it twice', () => {
    expect(() => {
      class TwiceController {
        @Public()
        @RequirePermission('read')
        one() {}
      }
      return TwiceController;
    }).toThrow('one says twice');
  });
});
