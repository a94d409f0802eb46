import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireChangeable } from '../../sandbox/backup/restore/topology-changes.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { type FoundContainer, findContainers, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import type { TopologyName } from '../../sandbox/engines/contract/topology.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngine, loadEngines } from '../../sandbox/engines/load-engines.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { topologyOfData } from '../../sandbox/stack/replace/laid-out.ts';
import { volumeNamesOf } from '../../sandbox/stack/resolve/generations.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { emptyState } from '../../sandbox/stack/state/stack-state.ts';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { withRedisOf } from '../support/with-redis.ts';

const image = { reference: 'none', digest: '', origin: 'official' } as const;

test('what data is laid out for is told by the names of its volumes, where nothing else says it', async () => {
  for (const name of engineNames) {
    const engine = await loadEngine(name);
    for (const topology of Object.values(engine.topologies)) {
      const nodes = topology.nodes({ secrets: {}, image, hostPort: () => 0, address: () => '' });
      const names = nodes.flatMap((node) => Object.values(volumeNamesOf(node, 'a-stack', 0)));
      const volumes = names.map((volume) => ({ name: volume, labels: { [labelNames.engine]: name } }));
      const found = { stackName: 'a-stack', state: emptyState('a-stack'), volumes };
      expect([name, await topologyOfData(name, found, async () => engine)]).toEqual([name, topology.name]);
      expect(await topologyOfData(name, { ...found, volumes: [] }, async () => engine)).toBeUndefined();
    }
  }
});

test('a change that the engine cannot make is refused, with the way that works; every other one is made', async () => {
  const refused: string[] = [];
  for (const engine of await loadEngines(engineNames)) {
    const topologies = Object.values(engine.topologies);
    for (const from of topologies) {
      for (const to of topologies.filter((each) => each !== from)) {
        const staged = { engine, image, secrets: {}, generation: 0 };
        try {
          requireChangeable(engine, { from: { ...staged, topology: from }, to: { ...staged, topology: to } });
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'TOPOLOGY_DIFFERENT', engine: engine.name });
          const { next } = thrown as { readonly next: string };
          const restore = to.name === 'replicated' ? '`restore FILE`' : '`restore FILE --into replace --yes`';
          expect(next).toMatch(/^Nothing was stopped\. .*sandbox -- backup`.*DELETES ALL DATA/);
          expect(next).toContain(`${engine.name}=${to.name} --size none\` and ${restore}`);
          refused.push(`${engine.name}: ${from.name} to ${to.name}`);
        }
      }
    }
  }
  expect(refused).toEqual([
    'mongodb: standalone to replicated',
    'mongodb: replicated to standalone',
    'mongodb: replicated to clustered',
    'mongodb: clustered to replicated',
  ]);
});

/** One stack, which its user has written to. */
let folder: StackFolder;
const here = () => ({ cwd: folder.path });
const up = ['up', '--engines', 'mongodb,redis,qdrant', '--size', 'none'];
const nameOf = () => stackIdentity({ directory: folder.path }).name;

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(up, here());
  await withRedis((client) => client.set('written', 'by its user'));
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const withRedis = <Value>(ask: (client: Redis) => Promise<Value>) => withRedisOf(folder, ask);

const kept = () => withRedis((client) => client.get('written'));
const nodes = async () => {
  const found = await findContainers({ [labelNames.stack]: nameOf() });
  return found.map(({ id, running }: FoundContainer) => `${id} ${running}`).toSorted();
};
const volumes = async () => (await findVolumes({ [labelNames.stack]: nameOf() })).map(({ name }) => name).toSorted();

/** Does what must be refused, and holds what there is afterwards against what there was. */
async function untouched(work: () => Promise<void>): Promise<void> {
  const before = [await nodes(), await volumes()];
  await work();
  expect([await nodes(), await volumes()]).toEqual(before);
  expect(await kept()).toBe('by its user');
}

test.each([
  ['mongodb', 'replicated'],
  ['mongodb', 'clustered'],
  ['qdrant', 'clustered'],
  ['qdrant', 'replicated'],
])('%s=%s, which cannot run here, is refused before anything stops', async (engine, topology) => {
  const { engines } = await runForDocument<StackStatus>(['status'], here());
  const origin = engines.find((each) => each.engine === engine)?.origin;
  if (origin !== 'compatible' && topology !== 'replicated') return;
  await untouched(async () => {
    const error = await runForError([...up, '--topology', `redis=replicated,${engine}=${topology}`], here());
    expect(error).toMatchObject({ exitCode: 1, code: 'NOT_SUPPORTED', engine });
  });
});

test('what no backup holds is named, and the change refused before anything stops', async () => {
  await withRedis((client) => client.config('SET', 'hz', '20'));
  await untouched(async () => {
    const error = await runForError([...up, '--topology', 'redis=replicated'], here());
    expect(error).toMatchObject({ exitCode: 1, code: 'RESTORE_WOULD_LOSE', engine: 'redis' });
    expect(error.message).toContain('setting hz');
  });
  await withRedis((client) => client.config('SET', 'hz', '10'));
});

test('a start of a library on data of another topology is refused before anything stops', async () => {
  await untouched(async () => {
    const topologies = { redis: 'replicated' } as const;
    const options = { directory: folder.path, ephemeral: false, engines: ['redis'], size: 'none', topologies } as const;
    await expect(createStack(options)).rejects.toMatchObject({ code: 'TOPOLOGY_DIFFERENT', engine: 'redis' });
  });
});

test('a change that is killed leaves the data as it was; who names no topology keeps the one that is there', async () => {
  const topology = async (...args: string[]) => {
    const { engines } = await runForDocument<StackStatus>([...up, ...args], here());
    expect(await kept()).toBe('by its user');
    return engines.find(({ engine }) => engine === 'redis')?.topology as TopologyName;
  };
  const before = await volumes();
  const changing = startCommand([...up, '--topology', 'redis=replicated', '--progress', 'plain'], here());
  for await (const line of changing.iterable({ from: 'stderr' })) {
    if (!/^done +back up/.test(line)) continue;
    changing.kill('SIGKILL');
    break;
  }
  await changing.catch(() => {});
  expect(await topology()).toBe('standalone');
  // Nodes of another network, and the other engines, which it leaves to be made anew, although nobody named them.
  await runForDocument(['up', '--engines', 'redis', '--size', 'none', '--topology', 'redis=replicated'], here());
  const status = await runForDocument<StackStatus>(['status'], here());
  expect(status).toMatchObject({ state: 'running', engines: [{}, {}, {}] });
  expect(await topology()).toBe('replicated');
  await folder.run('down');
  await rm(join(dataOf(folder.path), `${nameOf()}.state.json`));
  expect(await topology()).toBe('replicated');
  expect(await topology('--topology', 'redis=standalone')).toBe('standalone');
  const isKnown = (name: string) => !name.includes('_generations.');
  expect((await volumes()).filter(isKnown).map((name) => name.replace(/\.g\d+$/, ''))).toEqual(before.filter(isKnown));
});
