import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from '../../sandbox/containers/faults/fault-kinds.ts';
import { isRunning } from '../../sandbox/containers/nodes/nodes.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { seed, seedText } from '../support/seed.ts';
import { untilAllAnswer } from './support/until-all-answer.ts';

const nodes = ['redis-1', 'redis-2', 'redis-3'] as const;

let stack: Stack<'redis'>;
beforeAll(async () => {
  const options = { size: 'none', connect: false, dataSizeBytes: 32 * 2 ** 20 } as const;
  stack = await createStack({ engines: ['redis'], topologies: { redis: 'replicated' }, ...options });
  expect(stack.engines.redis.nodes.map(({ name }) => name)).toEqual(expect.arrayContaining([...nodes]));
});
afterAll(() => stack?.dispose());

const node = fc.constantFrom(...nodes);
const plain = fc.record({
  kind: fc.constantFrom('kill' as const, 'stop' as const, 'pause' as const, 'isolate' as const),
  node,
});
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: plain },
  fc.record({ kind: fc.constantFrom('wipe' as const, 'fill-disk' as const, 'clock-skew' as const), node }),
  fc.record({ kind: fc.constant('reset' as const), node, probability: fc.constantFrom(0.5, 1) }),
  fc.record({ kind: fc.constant('latency' as const), node, latencyMs: fc.constantFrom(5, 50) }),
  fc.record({ kind: fc.constant('bandwidth' as const), node, kilobitsPerS: fc.constantFrom(100, 10_000) }),
  fc.record({ kind: fc.constant('loss' as const), node, peers: fc.array(node, { maxLength: 2 }) }),
  fc.constantFrom(
    { kind: 'partition', groups: [['redis-1'], ['redis-2', 'redis-3']] } as const,
    { kind: 'partition', groups: [['redis-1', 'redis-2'], ['redis-3']] } as const,
  ),
);

/** What has gone wrong without words for it: `INTERNAL` on the command line. */
async function unforeseen(attempts: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  const ended = await Promise.allSettled(attempts);
  return ended
    .flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    .filter((reason) => !(reason instanceof SandboxError));
}

async function expectHealed(): Promise<void> {
  expect(await unforeseen([stack.faults.heal()])).toEqual([]);
  expect(await stack.faults.active()).toEqual([]);
  for (const each of stack.engines.redis.nodes) expect(await isRunning(each), each.name).toBe(true);
  await untilAllAnswer(stack.engines.redis);
}

test(`faults in any order, on nodes in any state, are made or refused, and healed (${seedText})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 2, maxLength: 6 }), async (faults) => {
      for (const each of faults) expect(await unforeseen([stack.faults.inject(each)])).toEqual([]);
      await expectHealed();
    }),
    {
      seed,
      numRuns: 6,
      examples: [
        [
          [
            { kind: 'kill', node: 'redis-2' },
            { kind: 'partition', groups: [['redis-1'], ['redis-2', 'redis-3']] },
          ],
        ],
        [
          [
            { kind: 'pause', node: 'redis-2' },
            { kind: 'loss', node: 'redis-1', peers: ['redis-2'] },
          ],
        ],
        [
          [
            { kind: 'latency', node: 'redis-2', latencyMs: 5 },
            { kind: 'latency', node: 'redis-2', latencyMs: 5 },
          ],
        ],
      ],
      endOnFailure: true,
    },
  );
}, 240_000);

test.each(['kill', 'stop', 'pause'] as const)(
  'a %s that comes twice at once is made once, and refused',
  async (kind) => {
    const attempts = [1, 2, 3].map(() => stack.faults.inject({ kind, node: 'redis-3' }));
    expect(await unforeseen(attempts)).toEqual([]);
    const ended = await Promise.allSettled(attempts);
    expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await expectHealed();
  },
);
