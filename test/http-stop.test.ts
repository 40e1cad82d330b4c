import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type Socket, connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { stop } from '../src/http/shutdown.js';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { gates, type Probe, startProbe } from './http-probe.js';

/** A gate, and what to call to let its request go on. */
function makeGate(name: string): { arrived: Promise<void>; open: () => void } {
  let open = () => {};
  const arrived = new Promise<void>((resolve) => {
    gates.set(name, { arrived: resolve, open: new Promise((done) => (open = done)) });
  });
  return { arrived, open };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

const closed = (socket: Socket) =>
  socket.destroyed ? Promise.resolve() : once(socket, 'close').then(() => {});

describe('stopping', () => {
  it('finishes what is in flight, closes what is idle, and takes nothing new', async () => {
    const probe = await startProbe();
    const idle = await connected(probe.port);
    const kept = new Agent({ keepAlive: true });
    const keptAnswer = await get(probe, '/v1/notes/plain', kept);
    expect(keptAnswer.headers.connection).toBe('keep-alive');

    const gate = makeGate('in-flight');
    const inFlight = get(probe, '/v1/notes/gate/in-flight', kept);
    await gate.arrived;
    const halfSent = await connected(probe.port);
    halfSent.write(
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"con',
    );
    // Another answer on another connection: by then the half request has arrived as well.
    await get(probe, '/v1/notes/plain', new Agent());

    let ended = false;
    const stopping = stop(probe.app, 10_000).then((finished) => {
      ended = true;
      return finished;
    });
    await closed(idle);
    expect(await refused(probe.port)).toBe(true);
    expect(ended).toBe(false);

    let text = '';
    halfSent.on('data', (chunk) => (text += chunk));
    halfSent.write('tent":"a"}');
    await closed(halfSent);
    expect(text).toMatch(/^HTTP\/1\.1 201 [\s\S]*connection: close[\s\S]*"isInstance":true/i);
    expect(ended).toBe(false);

    gate.open();
    const answer = await inFlight;
    expect(answer).toMatchObject({ statusCode: 200, text: '{"name":"in-flight"}' });
    expect(answer.headers.connection).toBe('close');
    expect(await stopping).toBe(true);
  });

  it('serves a request that comes in on a busy connection, and then closes it', async () => {
    const probe = await startProbe();
    const gate = makeGate('pipelined');
    const socket = await connected(probe.port);
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.write('GET /v1/notes/gate/pipelined HTTP/1.1\r\nHost: x\r\n\r\n');
    await gate.arrived;
    const stopping = stop(probe.app, 10_000);
    await refused(probe.port);
    gate.open();
    await closed(socket);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    expect(await stopping).toBe(true);
  });

  it('cuts off what does not finish in time', async () => {
    const probe = await startProbe();
    const gate = makeGate('stuck');
    const stuck = get(probe, '/v1/notes/gate/stuck', new Agent()).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    await gate.arrived;
    expect(await stop(probe.app, 600)).toBe(false);
    expect(await stuck).toBe('ECONNRESET');
    gate.open();
  });
});

type Answer = Pick<IncomingMessage, 'statusCode' | 'headers'> & { text: string };

function get({ port }: Pick<Probe, 'port'>, path: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, agent }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ statusCode: response.statusCode, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

/** Waits until nobody listens any more. */
async function refused(port: number): Promise<boolean> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (!open) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the built server', () => {
  afterAll(endBuiltServers);

  /** A request that is on its way and stays there: all but the last byte of its body. */
  async function hold(port: number): Promise<Socket> {
    const socket = await connected(port);
    socket.on('error', () => {});
    socket.write(
      'POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{',
    );
    // Once another request is answered, this one has arrived too.
    await get({ port }, '/health', new Agent());
    return socket;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s, idle connections or not', async (signal) => {
    const { child, port, output, exit } = await startBuiltServer();
    const agent = new Agent({ keepAlive: true });
    expect((await get({ port }, '/health/ready', agent)).statusCode).toBe(200);
    const idle = await connected(port);
    child.kill(signal);
    await closed(idle);
    expect(await exit).toBe(0);
    expect(output()).toContain('"msg":"Stopped"');
    agent.destroy();
  });

  it('lets a request in flight finish', async () => {
    const { child, port, exit } = await startBuiltServer();
    const socket = await hold(port);
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    child.kill('SIGTERM');
    await refused(port);
    socket.write('}');
    await closed(socket);
    expect(text).toMatch(/^HTTP\/1\.1 405 [\s\S]*connection: close/i);
    expect(await exit).toBe(0);
  });

  it('ends within the time allowed, whoever holds on', async () => {
    const { child, port, output, exit } = await startBuiltServer({ SHUTDOWN_TIMEOUT_MS: '1000' });
    const socket = await hold(port);
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(output()).toContain('cut off');
    await closed(socket);
  });

  it('ends on a second signal', async () => {
    const { child, port, output, exit } = await startBuiltServer({ SHUTDOWN_TIMEOUT_MS: '60000' });
    await hold(port);
    child.kill('SIGTERM');
    await expect.poll(output).toContain('"msg":"Stopping"');
    // Signals that follow close upon each other count as one, so it takes some.
    const impatience = setInterval(() => child.kill('SIGTERM'), 50);
    expect(await exit).toBe(1);
    clearInterval(impatience);
    expect(output()).toContain('Second signal');
  });
});
