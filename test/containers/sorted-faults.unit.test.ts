import { expect, test } from 'vitest';
import { sortedFaults } from '../../sandbox/containers/faults/lasting-faults.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { useMadeUpEngine } from './support/made-up-engine.ts';

const hourMs = 3_600_000;

/** How far the container engine's clock is before ours, and how long ago the pause was written down, in milliseconds. */
let engine = { aheadMs: 0, recordedMs: 0, maker: '' };

function answerTo(path: string): unknown {
  const nowMs = Date.now() + engine.aheadMs;
  const at = (ms: number) => new Date(ms).toISOString();
  if (path.endsWith('/info')) return { SystemTime: at(nowMs) };
  if (path.includes('/containers/json')) {
    const own = { [labelNames.stack]: 'made-up' };
    const fault = { [labelNames.purpose]: 'fault', [labelNames.fault]: 'pause', [labelNames.faultNode]: 'redis' };
    const record = { ...own, ...fault, [labelNames.faultMaker]: engine.maker };
    const listed = [
      { Id: 'record', Names: ['/record'], State: 'created', Labels: record, Mounts: [], Ports: [] },
      {
        Id: 'node',
        Names: ['/node'],
        State: 'running',
        Labels: { ...own, [labelNames.node]: 'redis' },
        Mounts: [],
        Ports: [],
      },
    ];
    return decodeURIComponent(path).includes('purpose=fault') ? listed.slice(0, 1) : listed;
  }
  if (path.includes('/record/')) return { Created: at(nowMs - engine.recordedMs) };
  const [started, never] = [at(nowMs - 2 * hourMs), '0001-01-01T00:00:00Z'];
  return { State: { Running: true, Paused: false, StartedAt: started, FinishedAt: never } };
}

useMadeUpEngine(answerTo);

/** What a pause counts as whose node is not paused. */
async function countsAs(now: Partial<typeof engine>): Promise<'lasting' | 'over'> {
  engine = { aheadMs: 0, recordedMs: 1_000, maker: ownerOfThisProcess(), ...now };
  const { lasting, over } = await sortedFaults('made-up');
  expect(lasting.length + over.length).toBe(1);
  return over.length === 1 ? 'over' : 'lasting';
}

test.each([0, hourMs, -hourMs])(
  'whether a pause is only about to be made is told by the clock of the container engine, here %d ms before ours',
  async (aheadMs) => {
    expect(await countsAs({ aheadMs })).toBe('lasting');
    expect(await countsAs({ aheadMs, recordedMs: 60_000 })).toBe('over');
  },
);

test('one whose maker has ended was made, or never will be', async () => {
  const [host, , started] = ownerOfThisProcess().split(':');
  expect(await countsAs({ maker: `${host}:${2 ** 30}:${started}` })).toBe('over');
});
