import { createServer, Server } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createPortChooser, freePortCheck } from '../../sandbox/stack/state/host-ports.ts';

const name = `taishang-ports-${process.pid}`;
const isFree = await freePortCheck(name);
/** As another process makes one for a stack whose ports begin at the same place. */
const chooser = (known: Readonly<Record<string, number>> = {}, others: readonly number[] = []) =>
  createPortChooser({ name, known, isFree, others: async () => new Set(others) });

test.skipIf(process.platform === 'darwin')('starts at the same time are given ports of their own', async () => {
  const choosers = [chooser(), chooser(), chooser()];
  const ports = await Promise.all(choosers.flatMap(({ choose }) => [choose('redis:6379'), choose('postgresql:5432')]));
  expect(new Set(ports).size).toBe(ports.length);
  for (const { letGo } of choosers) letGo(['redis', 'postgresql']);
});

test('a port that was chosen is its node’s own, and free once that is let go of', async () => {
  const first = chooser();
  const port = await first.choose('redis:6379');
  expect(await first.choose('redis:6379')).toBe(port);
  first.letGo(['redis-2']);
  if (process.platform !== 'darwin') {
    await expect(chooser({ 'redis:6379': port }).choose('redis:6379')).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  }
  first.letGo(['redis']);
  const next = chooser({ 'redis:6379': port });
  expect(await next.choose('redis:6379')).toBe(port);
  next.letGo(['redis']);
});

test.skipIf(process.platform === 'darwin')(
  'who looks whether it is free does not take the place of the node',
  async () => {
    const first = chooser();
    const port = await first.choose('redis:6379');
    using listen = vi.spyOn(Server.prototype, 'listen');
    expect(await isFree(port)).toBe(false);
    expect(listen.mock.calls).toEqual([[expect.objectContaining({ port, host: '0.0.0.0' }), expect.anything()]]);
    first.letGo(['redis']);
  },
);

test('the node can be published while its port is claimed', async () => {
  const first = chooser();
  const port = await first.choose('redis:6379');
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  await new Promise((resolve) => server.close(resolve));
  first.letGo(['redis']);
});

test('a port that another stack counts on is chosen only where there is no other', async () => {
  const first = chooser();
  const port = await first.choose('redis:6379');
  first.letGo(['redis']);
  const next = chooser({}, [port]);
  expect(await next.choose('redis:6379')).not.toBe(port);
  next.letGo(['redis']);
  const all = Array.from({ length: 12_000 }, (_, index) => 20_000 + index);
  const last = chooser({}, all);
  expect(all).toContain(await last.choose('redis:6379'));
  last.letGo(['redis']);
});
