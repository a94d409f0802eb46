import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StackTopology } from '../../sandbox/stack/attach/stack-topology.ts';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { eventually } from './support/write-through.ts';

let folder: StackFolder;

beforeAll(async () => {
  folder = await stackFolder();
  const up = ['up', '--engines', 'redis', '--topology', 'redis=replicated', '--size', 'none'];
  await runForDocument(up, { cwd: folder.path });
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });

async function nodes() {
  const { engines } = await runForDocument<StackTopology>(['topology'], here());
  return engines[0]?.nodes ?? [];
}

/** The primary, and both others, which follow it. */
const settled = () =>
  eventually('both others follow one primary', async () => {
    const found = await nodes();
    const [primary, ...others] = found.filter(({ role }) => role === 'primary');
    const followers = found.filter(({ role, follows }) => role === 'replica' && follows === primary?.node);
    return primary !== undefined && others.length === 0 && followers.length === 2 && { primary, followers };
  });

test('topology shows who is primary, who follows and the lag, before and after a failover', async () => {
  const before = await settled();
  const primary = before.primary.node;
  const [one, other] = ['redis-1', 'redis-2', 'redis-3'].filter((name) => name !== primary);
  const following = { follows: primary, lagBytes: expect.any(Number), lagMs: expect.any(Number) };
  expect(before.followers).toMatchObject([
    { node: one, ...following },
    { node: other, ...following },
  ]);
  expect(await runForDocument(['fault', 'kill', 'redis:primary'], here())).toMatchObject({
    broke: { node: primary, role: 'primary' },
    takeover: { node: expect.stringMatching(`^(${one}|${other})$`), afterMs: expect.any(Number) },
  });
  // On a busy machine a node may need longer to say what it is than one look waits.
  const after = await eventually('another one is the primary', async () => {
    const found = await nodes();
    return found.filter(({ role }) => role === 'primary').length === 1 && found;
  });
  expect(after.find(({ node }) => node === primary)).toMatchObject({ role: 'down', faults: ['kill'] });
  // The node that is down is none that a shell needs. Until the other one follows it, the new primary refuses writes.
  await eventually('a shell writes', async () => {
    const { exitCode, stdout } = await folder.run('redis-cli', 'SET', 'after', 'it');
    return exitCode === 0 && stdout === 'OK\n';
  });
  const text = await folder.run('topology');
  expect(text.stdout).toMatch(new RegExp(`${primary} +down .* fault: kill`));

  expect(await runForDocument(['fault', 'heal'], here())).toMatchObject({
    healed: [{ kind: 'kill', node: primary }],
  });
  await eventually('the old primary follows', async () =>
    (await nodes()).some(({ node, role }) => node === primary && role === 'replica'),
  );
});

test('what has arrived is no lag, however long the primary is idle, and what has not is one', async () => {
  const replicas = async () => (await nodes()).filter(({ role }) => role === 'replica');
  const [behind] = await eventually('nothing is missing', async () => {
    const found = await replicas();
    return found.length === 2 && found.every(({ lagBytes, lagMs }) => lagBytes === 0 && lagMs === 0) && found;
  });
  await runForDocument(['fault', 'loss', behind?.node ?? '', '--direction', 'in'], here());
  // Sentinels write to the stream every two seconds.
  await eventually('something is missing', async () => {
    const found = (await replicas()).find(({ node }) => node === behind?.node);
    return (found?.lagBytes ?? 0) > 0 && (found?.lagMs ?? 0) > 0;
  });
  await runForDocument(['fault', 'heal'], here());
  await eventually('nothing is missing again', async () => (await replicas()).every(({ lagBytes }) => lagBytes === 0));
});

test('a fault outlives its command, is listed, and does not keep the stack from being taken down', async () => {
  await runForDocument(['fault', 'pause', 'redis-2'], here());
  expect(await runForDocument(['fault', 'list'], here())).toMatchObject({
    faults: [{ kind: 'pause', node: 'redis-2' }],
  });
  expect((await nodes())[1]).toMatchObject({ node: 'redis-2', role: 'down', faults: ['pause'] });
  const { engines } = await runForDocument<{ engines: { engine: string }[] }>(['status'], here());
  expect(engines.map(({ engine }) => engine)).toEqual(['redis']);
  expect((await folder.run('down')).exitCode).toBe(0);
  const again = ['up', '--engines', 'redis', '--topology', 'redis=replicated', '--size', 'none'];
  await runForDocument(again, here());
  expect(await runForDocument(['fault', 'list'], here())).toMatchObject({ faults: [] });
});

test('topology --watch prints one document a line, and another one when something has changed', async () => {
  const watching = startCommand(['topology', '--watch', '--format', 'json'], here());
  const shown: StackTopology[] = [];
  let injecting: Promise<unknown> = Promise.resolve();
  for await (const line of watching) {
    const { at, ...topology } = JSON.parse(line) as StackTopology & { readonly at: string };
    expect(Number.isNaN(Date.parse(at))).toBe(false);
    shown.push(topology);
    if (shown.length === 1) injecting = runForDocument(['fault', 'kill', 'redis-2'], here());
    const node = topology.engines[0]?.nodes.find((each) => each.node === 'redis-2');
    if (node?.role !== 'down' || !node.faults.includes('kill')) continue;
    watching.kill('SIGINT');
    break;
  }
  await watching.catch(() => {});
  await injecting;
  expect(shown[0]?.engines).toMatchObject([{ engine: 'redis', nodes: [{ node: 'redis-1' }, {}, {}] }]);
  for (const [index, topology] of shown.entries()) expect(topology).not.toEqual(shown[index - 1]);
  await runForDocument(['fault', 'heal'], here());
});

test('what there is not is wrong use', async () => {
  expect(await runForError(['fault', 'kil', 'redis-1'], here())).toMatchObject({ exitCode: 2, code: 'UNKNOWN_FAULT' });
  expect(await runForError(['fault', 'kill', 'redis-9'], here())).toMatchObject({ exitCode: 2, code: 'UNKNOWN_NODE' });
  expect(await runForError(['fault', 'kill'], here())).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
  expect(await runForError(['fault', 'clock-skew', 'redis-1'], here())).toMatchObject({
    exitCode: 1,
    code: 'NOT_SUPPORTED',
  });
});
