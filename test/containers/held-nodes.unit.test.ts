import { beforeEach, expect, test } from 'vitest';
import { healFaults } from '../../sandbox/containers/faults/heal-faults.ts';
import { heldNodes } from '../../sandbox/containers/faults/held-nodes.ts';
import { requireStillPaused } from '../../sandbox/containers/nodes/copy-volumes.ts';
import { type Labels, labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { useMadeUpEngine } from './support/made-up-engine.ts';

const alive = ownerOfThisProcess();
// More than Linux hands out (`PID_MAX_LIMIT`, proc(5)).
const dead = alive.replace(/:\d+:/, `:${2 ** 30}:`);
const own = { [labelNames.stack]: 'made-up' };

/** What the engine has, and what was asked of it that changes anything. */
let engine: { nodeState: string; records: readonly Labels[]; asked: string[] };

function containers(): readonly { readonly Id: string; readonly State: string; readonly Labels: Labels }[] {
  const node = { Id: 'node', State: engine.nodeState, Labels: { ...own, [labelNames.node]: 'redis' } };
  return [
    node,
    ...engine.records.map((labels, index) => ({ Id: `record-${index}`, State: 'created', Labels: labels })),
  ];
}

function answerTo(path: string, method: string): unknown {
  if (path.endsWith('/info')) return { SystemTime: new Date().toISOString() };
  if (method !== 'GET') {
    engine.asked.push(`${method} ${path.replace(/^\/v[\d.]+|\?.*$/g, '')}`);
    if (path.includes('/unpause')) engine.nodeState = 'running';
    return {};
  }
  if (path.includes('/containers/json')) {
    const { label = [] } = JSON.parse(new URL(path, 'http://engine').searchParams.get('filters') ?? '{}');
    const has = (labels: Labels) =>
      (label as string[]).every((each) => each === `${each.split('=')[0]}=${labels[each.split('=')[0] ?? '']}`);
    return containers()
      .filter(({ Labels: labels }) => has(labels))
      .map((each) => ({ Image: 'made-up', Status: '', Names: [`/${each.Id}`], Mounts: [], Ports: [], ...each }));
  }
  const [Running, Paused] = [engine.nodeState !== 'exited', engine.nodeState === 'paused'];
  const at = (agoMs: number) => new Date(Date.now() - agoMs).toISOString();
  const State = { Running, Paused, StartedAt: at(7_200_000), FinishedAt: '0001-01-01T00:00:00Z' };
  return { Created: at(3_600_000), State };
}

useMadeUpEngine(answerTo);

beforeEach(() => {
  engine = { nodeState: 'paused', records: [], asked: [] };
});

const fault = (kind: string): Labels => ({
  ...own,
  [labelNames.purpose]: 'fault',
  [labelNames.fault]: kind,
  [labelNames.faultNode]: 'redis',
  [labelNames.faultMaker]: dead,
});
const pauseForCopy = (owner: string): Labels => ({
  ...fault('pause'),
  [labelNames.owner]: owner,
  [labelNames.pausedNode]: 'node',
});
const stopForWork = (owner: string): Labels => ({
  ...own,
  [labelNames.purpose]: 'helper',
  [labelNames.owner]: owner,
  [labelNames.stoppedNode]: 'node',
});

const heal = () => healFaults({ stackName: 'made-up' });

test('healing leaves a node alone that a running command has paused to copy it, with its other faults', async () => {
  engine.records = [fault('isolate'), pauseForCopy(alive)];
  expect(await heldNodes('made-up')).toEqual(['redis']);
  expect(await heal()).toEqual([]);
  expect(await healFaults({ stackName: 'made-up', owner: alive })).toEqual([]);
  expect(engine.asked).toEqual([]);
});

test('nor does it start a node that one has stopped for its work, whoever stopped it before', async () => {
  engine = { nodeState: 'exited', records: [fault('stop'), stopForWork(alive)], asked: [] };
  expect(await heldNodes('made-up')).toEqual(['redis']);
  expect(await heal()).toEqual([]);
  expect(engine.asked).toEqual([]);
});

test.each([
  ['a user has paused', fault('pause')],
  ['a process has paused that works on nothing', { ...fault('pause'), [labelNames.owner]: alive }],
  ['was paused for a copy by a process that has ended', pauseForCopy(dead)],
])('it resumes a node that %s', async (_whose, record) => {
  engine.records = [record];
  expect(await heldNodes('made-up')).toEqual([]);
  expect(await heal()).toEqual([{ kind: 'pause', node: 'redis' }]);
  expect(engine.asked).toEqual(['POST /containers/node/unpause', 'DELETE /containers/record-0']);
});

test('a copy counts only where its node was paused up to its end', async () => {
  const node = { containerId: 'node', name: 'redis', engine: 'redis' };
  await requireStillPaused(node);
  for (const nodeState of ['running', 'exited']) {
    engine = { ...engine, nodeState };
    await expect(requireStillPaused(node)).rejects.toMatchObject({ code: 'COMMAND_FAILED', engine: 'redis' });
  }
});
