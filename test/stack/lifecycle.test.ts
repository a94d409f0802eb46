import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';

type UpDocument = StackStatus & { readonly attached: boolean };
const up = ['up', '--engines', 'postgresql,redis', '--size', 'none'];

let folder: StackFolder;
let first: UpDocument;
let output: string;
let status: StackStatus;

beforeAll(async () => {
  folder = await stackFolder();
  const ended = await folder.run(...up, '--format', 'json', '--progress', 'plain');
  output = ended.stdout + ended.stderr;
  first = JSON.parse(ended.stdout);
  status = await runForDocument<StackStatus>(['status'], { cwd: folder.path });
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const ours = () => ({ [labelNames.stack]: first.stack });
const containerIds = async () => (await findContainers(ours())).map(({ id }) => id).toSorted();

describe('a stack that is up', () => {
  test('is described by `up` and by `status` in the same words', () => {
    expect(first).toMatchObject({ ...status, attached: false });
    expect(status).toMatchObject({
      version: 1,
      stack: first.stack,
      state: 'running',
      engines: expect.arrayContaining([
        {
          engine: 'redis',
          topology: 'standalone',
          state: 'running',
          origin: expect.stringMatching(/^(official|built)$/),
          image: expect.any(String),
          imageDigest: expect.stringMatching(/^sha256:/),
          serverVersion: expect.stringMatching(/^8\./),
          readyMs: expect.any(Number),
          nodes: [
            {
              name: 'redis',
              role: 'single',
              container: `${first.stack}-redis`,
              host: '127.0.0.1',
              port: expect.any(Number),
              state: 'running',
            },
          ],
          uri: expect.stringMatching(/^redis:\/\/default:\*\*\*@127\.0\.0\.1:\d+\/0$/),
        },
      ]),
    });
  });

  test('is attached to by a second `up`: the same containers', async () => {
    const before = await containerIds();
    const again = await runForDocument<UpDocument>(up, { cwd: folder.path });
    expect(again.attached).toBe(true);
    expect(await containerIds()).toEqual(before);
  });

  test('is asked no password by nobody else: its files are for their owner alone', async () => {
    const state = dataOf(folder.path);
    const files = (await readdir(state)).filter((name) => name.endsWith('.secrets.json'));
    expect(files).toHaveLength(1);
    for (const name of files) expect((await stat(join(state, name))).mode & 0o777).toBe(0o600);
  });

  test('listens on the loopback address only', async () => {
    const client = await docker();
    for (const id of await containerIds()) {
      const { NetworkSettings } = await client.getContainer(id).inspect();
      const addresses = Object.values(NetworkSettings.Ports).flatMap((bindings) => bindings ?? []);
      expect(addresses.length).toBeGreaterThan(0);
      expect(new Set(addresses.map(({ HostIp }) => HostIp))).toEqual(new Set(['127.0.0.1']));
    }
  });

  test('shows its passwords in no output, log, container or process list', async () => {
    const { engines } = await attachStack({ directory: folder.path });
    const passwords = [...engines.values()].flatMap(({ secrets }) => Object.values(secrets));
    expect(passwords.length).toBeGreaterThan(4);
    const client = await docker();
    const described = await Promise.all((await containerIds()).map((id) => client.getContainer(id).inspect()));
    const [shown, logs] = await Promise.all([folder.run('status'), folder.run('logs', '--lines', '10000')]);
    const places = {
      output: output + shown.stdout + logs.stdout,
      containers: JSON.stringify(described),
      processes: await commandLines(),
      state: await readFile(join(dataOf(folder.path), `${first.stack}.state.json`), 'utf8'),
    };
    expect(logs.stdout).toMatch(/postgresql \| .*database system is ready/);
    expect(places.processes).toContain('postgres');
    const found = Object.entries(places).filter(([, text]) => passwords.some((password) => text.includes(password)));
    expect(found.map(([name]) => name)).toEqual([]);
  });

  test('is one of its own in each folder, without any setting', async () => {
    await using other = await stackFolder();
    const args = ['up', '--engines', 'redis', '--size', 'none'];
    const second = await runForDocument<UpDocument>(args, { cwd: other.path });
    expect(second.stack).not.toBe(first.stack);
    const portOf = ({ engines }: UpDocument) => engines.find(({ engine }) => engine === 'redis')?.nodes[0]?.port;
    expect(portOf(second)).not.toBe(portOf(first));
    expect(await runForDocument(['status'], { cwd: folder.path })).toMatchObject({ state: 'running' });
  });

  test('gives what was asked for: an engine more is started beside those that run', async () => {
    await using other = await stackFolder();
    const upOf = (engines: string) =>
      runForDocument<UpDocument>(['up', '--engines', engines, '--size', 'none'], { cwd: other.path });
    const { stack } = await upOf('redis');
    const idsOf = async () => (await findContainers({ [labelNames.stack]: stack })).map(({ id }) => id);
    const before = await idsOf();
    const more = await upOf('redis,qdrant');
    expect(more.engines.map(({ engine }) => engine).toSorted()).toEqual(['qdrant', 'redis']);
    expect(await idsOf()).toEqual(expect.arrayContaining(before));
  });
});

describe('`down`', () => {
  test('keeps data, passwords and ports for the next start', async () => {
    await using kept = await stackFolder();
    const args = ['up', '--engines', 'redis', '--size', 'none'];
    const before = await runForDocument<UpDocument>(args, { cwd: kept.path });
    await withRedis(kept, (client) => client.set('kept', 'yes'));

    const down = await runForDocument<object>(['down'], { cwd: kept.path });
    expect(down).toMatchObject({ stack: before.stack, dataKept: true, volumes: [], networks: [before.stack] });
    const label = { [labelNames.stack]: before.stack };
    expect(await findContainers(label)).toEqual([]);
    expect(await runForError(['env'], { cwd: kept.path })).toMatchObject({ exitCode: 1, code: 'STACK_NOT_RUNNING' });
    expect(await runForDocument(['status'], { cwd: kept.path })).toMatchObject({ state: 'stopped' });

    const after = await runForDocument<UpDocument>(args, { cwd: kept.path });
    expect(after.engines[0]?.nodes).toEqual(before.engines[0]?.nodes);
    expect(await withRedis(kept, (client) => client.get('kept'))).toBe('yes');
  });

  test('with -v removes everything: containers, volumes, network, passwords', async () => {
    await using gone = await stackFolder();
    const { stack } = await runForDocument<UpDocument>(['up', '--engines', 'redis', '--size', 'none'], {
      cwd: gone.path,
    });
    const down = await runForDocument<object>(['down', '-v'], { cwd: gone.path });
    expect(down).toMatchObject({ containers: [`${stack}-redis`], networks: [stack], dataKept: false });
    const label = { [labelNames.stack]: stack };
    expect(await Promise.all([findContainers(label), findVolumes(label), findNetworks(label)])).toEqual([[], [], []]);
    expect(existsSync(dataOf(gone.path))).toBe(false);
  });

  test('is content where nothing was ever started', async () => {
    await using empty = await stackFolder();
    expect(await empty.run('down')).toMatchObject({ exitCode: 0 });
    expect(await runForDocument(['status'], { cwd: empty.path })).toMatchObject({ state: 'stopped', engines: [] });
  });
});

async function withRedis<Value>(place: StackFolder, ask: (client: Redis) => Promise<Value>) {
  const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env'], { cwd: place.path });
  const client = new Redis(REDIS_URL);
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

/** Command lines of every process of this machine, those of containers included. */
async function commandLines(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.join('\n').replaceAll('\0', ' ');
}
