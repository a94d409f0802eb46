import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { openClient } from '../../sandbox/engines/redis/server/connection.ts';
import { monitoringLogin } from '../../sandbox/engines/shared/metrics/monitoring-login.ts';
import type { MonitorStatus } from '../../sandbox/monitoring/monitor-status.ts';
import { attachUpNodes } from '../../sandbox/stack/attach/attach-stack.ts';
import { monitoringContainers } from '../../sandbox/stack/remove/monitoring-containers.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runForDocument, type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;
/** An archive of before there was a login of monitoring. */
let archive: string;
/** Before the topology was changed, and right after that. */
let atFirst: Seen;
let afterChange: Seen;

interface Seen {
  readonly logins: Readonly<Record<string, boolean>>;
  readonly exporters: readonly string[];
}

const up = ['up', '--engines', 'redis', '--size', 'none'];
const members = ['redis-1', 'redis-2', 'redis-3'];

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(up, here());
  const report = await runForDocument<{ archive: { location: string; name: string } }>(['backup'], here());
  archive = `${report.archive.location}/${report.archive.name}`;
  await runForDocument([...up, '--profile', 'monitoring'], here());
  atFirst = { logins: await logins(), exporters: await exporters() };
  await runForDocument([...up, '--topology', 'redis=replicated'], here());
  afterChange = { logins: await logins(), exporters: await exporters() };
});
// Whatever the test before has made of it.
beforeEach(async () => {
  await runForDocument(['fault', 'heal'], here());
  await runForDocument(['monitor', 'up'], here());
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });

/** Nodes that run, by whether the exporter of each can log in. */
async function logins(): Promise<Readonly<Record<string, boolean>>> {
  const { nodes, secrets } = await attachUpNodes({ directory: folder.path, engine: 'redis' });
  const asked = nodes.map(async (node) => {
    await using client = await openClient(node, secrets);
    return [node.name, ((await client.acl('USERS')) as readonly string[]).includes(monitoringLogin)] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

/** Prometheus reads its targets a moment after they were written. */
async function untilWatched(nodes: readonly string[]): Promise<void> {
  const isWatched = async () => {
    const { targets } = await runForDocument<MonitorStatus>(['monitor', 'status'], here());
    const watched = targets.flatMap(({ job, instance }) => (job === 'redis-exporter' ? [instance] : []));
    return watched.toSorted().join() === nodes.join();
  };
  await poll(isWatched, {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: () => new Error(`not watched: ${nodes.join()}`),
  });
}

async function exporters(): Promise<readonly string[]> {
  const { name } = stackIdentity({ directory: folder.path });
  const found = (await monitoringContainers(name)).filter((each) => each.running && each.name.endsWith('-exporter'));
  return found.map((each) => each.name.replace(`${name}-`, '')).toSorted();
}

const all = (isThere: boolean) => Object.fromEntries(members.map((name) => [name, isThere]));
const allExporters = members.map((name) => `${name}-exporter`);

test('monitoring follows a change of topology, which makes the network of the stack anew', async () => {
  expect(atFirst).toEqual({ logins: { redis: true }, exporters: ['redis-exporter'] });
  expect(afterChange).toEqual({ logins: all(true), exporters: allExporters });
  await untilWatched(members);
});

test('a node that is down is watched too, and gets its login once it is back', async () => {
  await runForDocument(['monitor', 'down'], here());
  expect(await logins()).toEqual(all(false));
  await runForDocument(['fault', 'kill', 'redis-3'], here());
  const ended = await folder.run('monitor', 'up', '--progress', 'plain');
  expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/exporter of redis-3 has no login yet/) });
  expect(await exporters()).toEqual(allExporters);
  await untilWatched(members);
  expect(await logins()).toEqual({ 'redis-1': true, 'redis-2': true });
  await runForDocument(['fault', 'heal'], here());
  expect(await logins()).toEqual(all(true));
});

test('after a restore of an archive without the login every exporter can log in all the same', async () => {
  await runForDocument(['restore', archive, '--into', 'replace', '--yes'], here());
  expect(await logins()).toEqual(all(true));
  expect(await exporters()).toEqual(allExporters);
});

test('a login that a server which is down keeps is told, and the others are taken away', async () => {
  await runForDocument(['fault', 'kill', 'redis-3'], here());
  const ended = await folder.run('monitor', 'down');
  expect(ended).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/login is left on redis-3: it does not run/),
  });
  expect(await logins()).toEqual({ 'redis-1': false, 'redis-2': false });
  expect(await exporters()).toEqual([]);
});
