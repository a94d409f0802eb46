import { expect, test } from 'vitest';
import { readEngine, requireWholeEngines, sayNodesDown } from '../../sandbox/backup/whole-engines.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import type { ProgressEvent } from '../../sandbox/core/progress.ts';
import type { Backup, MissingData } from '../../sandbox/engines/contract/backup.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { PartlyRunningStack } from '../../sandbox/stack/attach/attach-stack.ts';

const [one, two, three] = ['redis-1', 'redis-2', 'redis-3'].map((name) => ({ name }) as NodeHandle);
const nodes = [one, two, three] as readonly NodeHandle[];

function stackWith(down: readonly (NodeHandle | undefined)[]): PartlyRunningStack {
  return {
    identity: { name: 'shop', directory: '/shop' },
    engines: new Map([['redis', { nodes } as RunningEngine]]),
    down: new Map(down.length === 0 ? [] : [['redis', down]]),
  } as unknown as PartlyRunningStack;
}

const engineWith = (missingWithout?: Backup['missingWithout']) =>
  ({ name: 'redis', title: 'Redis', backup: { missingWithout } }) as unknown as Engine;

async function said(engine: Engine, down: readonly (NodeHandle | undefined)[]) {
  const events: ProgressEvent[] = [];
  const stack = stackWith(down);
  const progress = (event: ProgressEvent) => void events.push(event);
  await requireWholeEngines([engine], stack, { attach: async () => stack, progress });
  sayNodesDown([engine], stack, progress);
  return events;
}

test('an engine is backed up without a node that is down, and that is said', async () => {
  let asked: unknown;
  const engine = engineWith(async (running, down) => {
    asked = [running.nodes, down];
    return undefined;
  });
  expect(JSON.stringify(await said(engine, [two]))).toContain('without redis-2, which is down');
  expect(asked).toEqual([[one, three], [two]]);
  expect(readEngine(stackWith([two]), engine)).toMatchObject({ nodesDown: ['redis-2'], whole: { nodes } });
});

test('one of which every node runs is not looked at', async () => {
  expect(await said(engineWith(), [])).toEqual([]);
});

test('a failover that is under way is waited for', async () => {
  const answers: (MissingData | undefined)[] = [{ why: 'none takes writes', mayCome: true }, undefined];
  const events = await said(
    engineWith(async () => answers.shift()),
    [two],
  );
  expect(answers).toEqual([]);
  expect(JSON.stringify(events[0])).toContain('none takes writes; another node may take over');
});

test('a node that was only starting again is none that is down', async () => {
  const events: ProgressEvent[] = [];
  const asked: number[] = [];
  const engine = engineWith(async (running) => {
    asked.push(running.nodes.length);
    return { why: 'none takes writes', mayCome: true };
  });
  const whole = stackWith([]);
  const stack = await requireWholeEngines([engine], stackWith([two]), {
    attach: async () => whole,
    progress: (event) => events.push(event),
  });
  expect([stack, asked, events.length]).toEqual([whole, [2], 1]);
});

test('an engine that gives no answer is asked again', async () => {
  const answers = [Promise.reject(new Error('connect ECONNREFUSED')), Promise.resolve(undefined)];
  const events = await said(
    engineWith(() => answers.shift() as Promise<undefined>),
    [two],
  );
  expect(JSON.stringify(events[0])).toContain('not known: connect ECONNREFUSED');
});

test.each([
  [
    'whose data would be missing',
    engineWith(async () => ({ why: 'nobody has slot 7', mayCome: false })),
    'nobody has slot 7',
  ],
  ['that does not say', engineWith(), 'no other node has what redis-2 and redis-3 had'],
])('an engine %s is refused at once, with the nodes and the reason', async (_, engine, why) => {
  await expect(said(engine, [two, three])).rejects.toMatchObject({
    code: 'STACK_NOT_RUNNING',
    engine: 'redis',
    message: `A backup of Redis of the stack shop would not be whole: redis-2 and redis-3 are down, and ${why}.`,
  });
});
