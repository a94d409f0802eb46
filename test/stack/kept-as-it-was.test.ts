import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import { rowEncoders } from '../../sandbox/dataset/read/row-files.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { readSecrets, readState, type StackState, writeState } from '../../sandbox/stack/state/stack-state.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { rowsOf } from '../seeds/rows.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { withRedisOf } from '../support/with-redis.ts';

/** One stack, whose rows came from a file and which its user has written to. */
let folder: StackFolder;
const here = () => ({ cwd: folder.path });
const up = ['up', '--engines', 'redis'];
const upPlain = (...args: string[]) => runCommand([...up, ...args, '--progress', 'plain'], here());
const nameOf = () => stackIdentity({ directory: folder.path }).name;

beforeAll(async () => {
  folder = await stackFolder();
  const users = await rowsOf('users', createDataset({ size: { users: 12 } }));
  const file = join(folder.path, 'users.ndjson');
  const encoder = rowEncoders.ndjson('users');
  await writeFile(file, Buffer.concat([encoder.rows(users), encoder.end()]));
  await runForDocument([...up, '--size', 'none'], here());
  await runForDocument(['seed', '--from', file, '--engines', 'redis'], here());
  await withRedis((client) => client.set('written', 'by its user'));
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const withRedis = <Value>(ask: (client: Redis) => Promise<Value>) => withRedisOf(folder, ask);

const kept = () => withRedis((client) => client.get('written'));
const container = async () => (await docker()).getContainer(`${nameOf()}-redis`);

test('a stack whose rows came from files comes up with them, and says so in a line', async () => {
  await folder.run('down');
  const started = await upPlain();
  expect(started).toMatchObject({ exitCode: 0 });
  expect(started.stderr).toMatch(/Redis is kept as it is: its rows came from files\. .*DELETES/);
  expect(await kept()).toBe('by its user');
  expect((await readState(folder.path, nameOf()))?.engines.redis?.dataset).toMatchObject({ size: 'files' });
  expect(await upPlain()).toMatchObject({ exitCode: 0, stderr: '' });
});

test('data that an earlier version made is kept as it is, and said to be older', async () => {
  await folder.run('down');
  const [state, secrets] = await Promise.all([
    readState(folder.path, nameOf()) as Promise<StackState>,
    readSecrets(folder.path, nameOf()),
  ]);
  const redis = state.engines.redis as StackState['engines'][string];
  const { madeBy: _, ...dataset } = redis.dataset as NonNullable<typeof redis.dataset>;
  const older = { ...dataset, size: 'small', seed: createDataset({ size: 'small' }).seed } as const;
  await writeState(folder.path, { ...state, engines: { redis: { ...redis, dataset: older } } }, secrets?.key);
  const started = await upPlain('--size', 'small');
  expect(started).toMatchObject({ exitCode: 0 });
  expect(started.stderr).toMatch(/kept as it is: it was made by an earlier version, and its dataset is older/);
  expect(await kept()).toBe('by its user');
  // Another choice of data is refused, without advice that loses anything unsaid.
  const error = await runForError([...up, '--size', 'users=20'], here());
  expect(error).toMatchObject({ exitCode: 1, code: 'DATASET_DIFFERENT' });
  expect(error.message).toMatch(/holds small with seed \d+; small,users=20 with seed \d+ was asked for/);
  expect(error.next).toMatch(/`npm run sandbox -- start`.*DELETES/);
  expect(await kept()).toBe('by its user');
  await writeState(folder.path, state, secrets?.key);
});

test('a stack that is down is known as it was after a start that was refused', async () => {
  await upPlain();
  const known = async () => (await readState(folder.path, nameOf())) as StackState;
  const rememberDataset = async (dataset: StackState['engines'][string]['dataset']) => {
    const [state, secrets] = await Promise.all([known(), readSecrets(folder.path, nameOf())]);
    const redis = { ...(state.engines.redis as StackState['engines'][string]), ...withoutUndefined({ dataset }) };
    await writeState(folder.path, { ...state, engines: { redis } }, secrets?.key);
  };
  const dataset = (await known()).engines.redis?.dataset;
  const ofSmall = { ...dataset, size: 'small', seed: 1 } as NonNullable<typeof dataset>;
  await rememberDataset(ofSmall);
  await folder.run('down');
  expect(await runForError([...up, '--size', 'users=20'], here())).toMatchObject({ code: 'DATASET_DIFFERENT' });
  expect((await known()).engines.redis).toMatchObject({ topology: 'standalone', dataset: ofSmall });
  // What the refusal advises.
  expect(await runForDocument<StackStatus>(['start'], here())).toMatchObject({ state: 'running' });
  expect(await kept()).toBe('by its user');
  await rememberDataset(dataset);
});

test('a paused node is named by each command, and `up`, `start` and `down` go on with it', async () => {
  await upPlain();
  await (await container()).pause();
  expect(await runForDocument<StackStatus>(['status'], here())).toMatchObject({ state: 'paused' });
  for (const command of [['seed'], ['backup'], ['bench']]) {
    const error = await runForError(command, here());
    expect([command, error]).toMatchObject([command, { exitCode: 1, code: 'STACK_NOT_RUNNING' }]);
    expect(error.message).toContain('redis (paused)');
  }
  for (const command of [['env'], ['logs'], ['exec', '--', 'true']]) {
    expect([command, await runCommand(command, here())]).toMatchObject([command, { exitCode: 0 }]);
  }
  for (const resume of [up, ['start']]) {
    if (resume !== up) await (await container()).pause();
    const resumed = await runCommand([...resume, '--progress', 'plain'], here());
    expect(resumed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('redis was paused, and goes on') });
    expect(await kept()).toBe('by its user');
  }
  // Stopped as any other: what is frozen sees no signal, and would be killed in the end.
  await withRedis((client) => client.set('written', 'just before'));
  await (await container()).pause();
  await folder.run('down');
  await upPlain();
  expect(await kept()).toBe('just before');
  await withRedis((client) => client.set('written', 'by its user'));
});

test('a port that was taken while the stack was down: it moves, with its data, where that is asked for', async () => {
  const portOf = ({ engines }: StackStatus) => engines[0]?.nodes[0]?.port;
  const before = portOf(await runForDocument<StackStatus>(['status'], here()));
  await folder.run('down');
  const other = createServer().listen(before, '127.0.0.1');
  await once(other, 'listening');
  try {
    const error = await runForError(up, here());
    expect(error).toMatchObject({ exitCode: 1, code: 'PORT_TAKEN', engine: 'redis' });
    expect(error.next).toContain('up --ports new');
    const moved = portOf(await runForDocument<StackStatus>([...up, '--ports', 'new'], here()));
    expect(moved).not.toBe(before);
    expect(await kept()).toBe('by its user');
    await folder.run('down');
    expect(portOf(await runForDocument<StackStatus>(up, here()))).toBe(moved);
  } finally {
    other.close();
  }
  expect(await runForError([...up, '--ports', 'any'], here())).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
});

test('files that a later release wrote are refused, and left as they are', async () => {
  for (const kind of ['state', 'secrets'] as const) {
    const file = join(dataOf(folder.path), `${nameOf()}.${kind}.json`);
    const before = await readFile(file, 'utf8');
    const later = JSON.stringify({ ...JSON.parse(before), version: 2, engines: 'of another form' });
    await writeFile(file, later);
    for (const command of [up, ['status'], ['env'], ['backup'], ['down']]) {
      const error = await runForError(command, here());
      expect([command, error]).toMatchObject([command, { exitCode: 1, code: 'STATE_NEWER' }]);
      expect(error.next).toContain('later');
    }
    expect(await readFile(file, 'utf8')).toBe(later);
    await writeFile(file, before);
  }
  expect(await runForDocument(['status'], here())).toMatchObject({ state: 'running' });
});
