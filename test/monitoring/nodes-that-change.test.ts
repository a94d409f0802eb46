import { afterAll, beforeAll, expect, test } from 'vitest';
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

const up = ['up', '--engines', 'redis', '--size', 'none'];
const members = ['redis-1', 'redis-2', 'redis-3'];

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(up, here());
  const report = await runForDocument<{ archive: { location: string; name: string } }>(['backup'], here());
  archive = `${report.archive.location}/${report.archive.name}`;
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

async function watchedNodes(): Promise<readonly string[]> {
  const { targets } = await runForDocument<MonitorStatus>(['monitor', 'status'], here());
  return targets.flatMap(({ job, instance }) => (job === 'redis-exporter' ? [instance] : [])).toSorted();
}

async function exporters(): Promise<readonly string[]> {
  const { name } = stackIdentity({ directory: folder.path });
  const found = (await monitoringContainers(name)).filter((each) => each.running && each.name.endsWith('-exporter'));
  return found.map((each) => each.name.replace(`${name}-`, '')).toSorted();
}

test('monitoring follows a change of topology, which makes the network of the stack anew', async () => {
  await runForDocument([...up, '--profile', 'monitoring'], here());
  expect(await logins()).toEqual({ redis: true });
  await runForDocument([...up, '--topology', 'redis=replicated'], here());
  expect(await watchedNodes()).toEqual(members);
  expect(await exporters()).toEqual(members.map((name) => `${name}-exporter`));
  expect(await logins()).toEqual({ 'redis-1': true, 'redis-2': true, 'redis-3': true });
});

test('a node that is down is watched too, and gets its login once it is back', async () => {
  await runForDocument(['monitor', 'down'], here());
  expect(await logins()).toEqual({ 'redis-1': false, 'redis-2': false, 'redis-3': false });
  await runForDocument(['fault', 'kill', 'redis-3'], here());
  const ended = await folder.run('monitor', 'up', '--progress', 'plain');
  expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/exporter of redis-3 has no login yet/) });
  expect(await watchedNodes()).toEqual(members);
  expect(await exporters()).toEqual(members.map((name) => `${name}-exporter`));
  expect(await logins()).toEqual({ 'redis-1': true, 'redis-2': true });
  await runForDocument(['fault', 'heal'], here());
  expect(await logins()).toEqual({ 'redis-1': true, 'redis-2': true, 'redis-3': true });
});

test('after a restore of an archive without the login every exporter can log in all the same', async () => {
  const before = await exporters();
  await runForDocument(['restore', archive, '--into', 'replace', '--yes'], here());
  expect(await logins()).toEqual({ 'redis-1': true, 'redis-2': true, 'redis-3': true });
  expect(await exporters()).toEqual(before);
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
