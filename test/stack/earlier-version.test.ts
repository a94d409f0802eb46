import { afterAll, expect, test } from 'vitest';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { removeTinyEngines } from '../containers/support/tiny-images.ts';
import { runForDocument, runForError, stackFolder } from '../support/command.ts';
import { redisThat } from './support/tiny-redis.ts';

afterAll(removeTinyEngines);

test('a start that fails once a node of an earlier version was made anew, with a volume more, says what failed', async () => {
  await using folder = await stackFolder();
  const { name } = stackIdentity({ directory: folder.path });
  const here = { cwd: folder.path };
  await runForDocument(['up', '--engines', 'postgresql', '--size', 'none'], here);
  const volumes = (await findVolumes({ [labelNames.stack]: name })).map((volume) => volume.name).toSorted();
  expect(volumes.length).toBeGreaterThan(1);

  // As a version left it whose node had one volume: the container that runs was made from something else.
  const client = await docker();
  const now = client.getContainer(`${name}-postgresql`);
  const { Config, Mounts } = await now.inspect();
  await now.remove({ force: true, v: true });
  const data = Mounts.find((mount) => mount.Name?.endsWith('_data'));
  for (const other of volumes.filter((volume) => volume !== data?.Name)) await client.getVolume(other).remove();
  const earlier = await client.createContainer({
    name: `${name}-postgresql`,
    Image: Config.Image,
    Entrypoint: ['sleep', 'infinity'],
    Labels: { ...Config.Labels, [labelNames.contentHash]: 'of an earlier version' },
    HostConfig: { NetworkMode: name, Binds: [`${data?.Name}:${data?.Destination}`] },
  });
  await earlier.start();

  // It fails once the other one serves, which the container of the earlier version never did.
  const untilServed = `until bash -c '</dev/tcp/${name}-postgresql/5432'; do sleep 0.05; done 2>/dev/null`;
  const env = { SANDBOX_REDIS_IMAGE: await redisThat(`${untilServed}; exit 7`) };
  const args = ['up', '--engines', 'postgresql,redis', '--size', 'none'];
  expect(await runForError(args, { ...here, env })).toMatchObject({ exitCode: 1, code: 'NODE_DIED', engine: 'redis' });
  expect((await findContainers({ [labelNames.stack]: name })).map((each) => each.name)).toEqual([`${name}-postgresql`]);
  expect((await findVolumes({ [labelNames.stack]: name })).map((volume) => volume.name).toSorted()).toEqual(volumes);
  expect(await runForDocument(['up', '--engines', 'postgresql', '--size', 'none'], here)).toMatchObject({
    state: 'running',
  });
}, 300_000);
