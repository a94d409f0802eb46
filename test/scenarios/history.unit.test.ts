import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHistory } from '../../scenarios/check-history.ts';
import { type HistoryEntry, streamHistory } from '../../scenarios/history.ts';
import { seed, seedText } from '../support/seed.ts';
import { parseHistory, readHistory, writeHistory } from './support/read-history.ts';
import { type SimulatedStore, simulate, stamp, stepsOf } from './support/simulate.ts';
import { createBank, createLists, createRegisters, createSet } from './support/simulated-stores.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-history-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const others: readonly HistoryEntry[] = [
  { process: 'nemesis', type: 'invoke', operation: 'isolate', node: 'a' },
  { process: 'nemesis', type: 'info', operation: 'heal', ends: ['isolate'] },
  { process: 'observer', type: 'info', operation: 'role', node: 'a', role: 'primary' },
  { process: 'observer', type: 'info', operation: 'detect' },
];

describe(`a history (${seedText})`, () => {
  const stores: readonly (() => SimulatedStore)[] = [
    createSet,
    () => createLists(2),
    () => createRegisters(2),
    createBank,
  ];

  test('of any workload is read back as it was written, and is well-formed', async () => {
    const property = fc.asyncProperty(stepsOf({ clients: 4, keys: 2, max: 80 }), fc.nat(3), async (steps, which) => {
      const store = stores[which];
      if (store === undefined) return;
      const played = simulate(steps, store());
      const events = [
        ...played,
        ...stamp(others).map((event, position) => ({
          ...event,
          index: played.length + position,
          timeMs: played.length,
        })),
      ];
      const file = join(directory, 'history.jsonl');
      await writeHistory(file, events);
      const read = await readHistory(file);
      expect(read).toEqual(events);
      expect(parseHistory(await readFile(file, 'utf8'))).toEqual(events);
      checkHistory(read);
    });
    await fc.assert(property, { seed, numRuns: 200 });
  });

  test('is in its file up to the last event when its process is killed', async () => {
    const file = join(directory, 'killed.jsonl');
    const script = join(import.meta.dirname, 'support', 'record-and-die.ts');
    const { signal } = await execa(process.execPath, [script, file], { reject: false });
    expect(signal).toBe('SIGKILL');
    const events = await readHistory(file);
    expect(events).toHaveLength(1_000);
    checkHistory(events);
  });

  test('replaces an older one of the same name', async () => {
    const file = join(directory, 'older.jsonl');
    await writeFile(file, 'something else\n'.repeat(100));
    using history = await streamHistory(file);
    const event = history.record({ process: 0, type: 'invoke', operation: 'add', value: 1 });
    expect(await readHistory(file)).toEqual([event]);
    expect(history.events).toEqual([event]);
  });
});

describe('a line that is no event is refused with its number', () => {
  const good = '{"index":0,"timeMs":0,"process":0,"type":"invoke","operation":"add","value":1}\n';
  test.each([
    ['half a line', '{"index":1,"timeMs"', /not JSON/],
    ['an empty line', '', /not JSON/],
    ['a list', '[]', /it must be object/],
    ['no position', '{"timeMs":0}', /required property 'index'/],
    ['a time that is a text', '{"index":1,"timeMs":"0","process":0}', /timeMs must be number/],
    ['an unknown process', '{"index":1,"timeMs":0,"process":"me"}', /process/],
    ['an unknown type', '{"index":1,"timeMs":0,"process":0,"type":"done","operation":"add","value":1}', /type/],
    ['an unknown operation', '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"toString"}', /operation/],
    [
      'an add without a value',
      '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"add"}',
      /add: it must have required property 'value'/,
    ],
    [
      'a value that is no whole number',
      '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"add","value":0.5}',
      /add: value must be integer/,
    ],
    [
      'a read without its values',
      '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"read"}',
      /read: it must have required property 'value'/,
    ],
    [
      'a failed read with values',
      '{"index":1,"timeMs":0,"process":0,"type":"fail","operation":"read","value":[]}',
      /read: value boolean schema is false/,
    ],
    [
      'a cas without a key',
      '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"cas","from":1,"to":2}',
      /cas: it must have required property 'key'/,
    ],
    [
      'a transfer of less than a whole',
      '{"index":1,"timeMs":0,"process":0,"type":"invoke","operation":"transfer","from":"x","to":"y","amount":0.1}',
      /transfer: amount must be integer/,
    ],
    [
      'balances with decimals',
      '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"read-balances","value":{"x":0.30000000000000004}}',
      /read-balances: value.x must be integer/,
    ],
    [
      'balances that are a list',
      '{"index":1,"timeMs":0,"process":0,"type":"ok","operation":"read-balances","value":[1]}',
      /value/,
    ],
    [
      'a fault that is acknowledged',
      '{"index":1,"timeMs":0,"process":"nemesis","type":"ok","operation":"kill"}',
      /nemesis/,
    ],
    [
      'a role of no node',
      '{"index":1,"timeMs":0,"process":"observer","type":"info","operation":"role","role":"primary"}',
      /role/,
    ],
  ])('%s', async (_, line, reason) => {
    const refusal = { code: 'HISTORY_INVALID', message: expect.stringMatching(/line 2: /) };
    expect(() => parseHistory(`${good}${line}\n${good}`)).toThrow(expect.objectContaining(refusal));
    expect(() => parseHistory(`${good}${line}\n${good}`)).toThrow(reason);
    const file = join(directory, 'malformed.jsonl');
    await writeFile(file, `${good}${line}\n${good}`);
    await expect(readHistory(file)).rejects.toMatchObject(refusal);
  });
});

describe('a history that cannot have happened is refused', () => {
  const invoke = (process: number, value = 1) => ({ process, type: 'invoke', operation: 'add', value }) as const;
  const end = (process: number, type: 'ok' | 'fail' | 'info', value = 1) =>
    ({ process, type, operation: 'add', value }) as const;
  test.each<[string, readonly HistoryEntry[], RegExp]>([
    [
      'two operations open in one process',
      [invoke(0), invoke(0)],
      /event 1: process 0 begins add while its add is open/,
    ],
    ['an end without a beginning', [end(0, 'ok')], /event 0: process 0 ends add, which it never began/],
    ['two ends', [invoke(0), end(0, 'ok'), end(0, 'ok')], /event 2: .*never began/],
    ['the end of another operation', [invoke(0, 1), end(0, 'ok', 2)], /event 1: process 0 began add 1 and ends add 2/],
    [
      'a process that acts after nobody knows what',
      [invoke(0), end(0, 'info'), invoke(0)],
      /event 2: process 0 acts again/,
    ],
  ])('%s', (_, entries, reason) => {
    expect(() => checkHistory(stamp(entries))).toThrow(reason);
    expect(() => checkHistory(stamp(entries))).toThrow(expect.objectContaining({ code: 'HISTORY_INVALID' }));
  });

  test('a clock that goes back, and events that are missing', () => {
    const [first, second] = stamp([invoke(0), end(0, 'ok')]);
    if (first === undefined || second === undefined) throw new Error('Two events were expected.');
    expect(() => checkHistory([{ ...first, timeMs: 5 }, second])).toThrow(/event 1: its clock is at 1 ms, after 5 ms/);
    expect(() => checkHistory([second])).toThrow(/event 0: its index is 1/);
  });

  test('but operations may be open at the end, and an `ok` may end a process for now', () => {
    expect(() => checkHistory(stamp([invoke(0), end(0, 'fail'), invoke(0), end(0, 'ok'), invoke(0)]))).not.toThrow();
  });
});
