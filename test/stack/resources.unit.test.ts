import { expect, test } from 'vitest';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { checkResources, comfortableRoom } from '../../sandbox/stack/resolve/resources.ts';
import { createDataset } from '../../seeds/create-dataset.ts';

const plenty = { diskBytes: 1e12, memoryBytes: 1e12 };
const engines = await loadEngines(engineNames);
const needed = (key: 'diskBytes' | 'memoryBytes') =>
  engines.reduce((total, engine) => total + engine.resources()[key], 0);

function refusal(available: typeof plenty): unknown {
  try {
    checkResources(engines, available);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

test('a machine with room for everything is accepted, to the byte', () => {
  expect(refusal({ diskBytes: needed('diskBytes'), memoryBytes: needed('memoryBytes') })).toBeUndefined();
});

test.each([
  ['diskBytes', 'NO_DISK_SPACE'],
  ['memoryBytes', 'NO_MEMORY'],
] as const)('a machine with too little %s is refused with what is needed and what is there', (key, code) => {
  const figure = `${Math.ceil(needed(key) / 1e6).toLocaleString('en')} MB`;
  expect(refusal({ ...plenty, [key]: needed(key) - 1 })).toMatchObject({
    code,
    message: expect.stringContaining(figure),
  });
  expect(refusal({ ...plenty, [key]: 7e6 })).toMatchObject({ message: expect.stringMatching(/\b7 MB are/) });
});

test('each engine says what it needs', () => {
  for (const { resources } of engines) {
    const { diskBytes, memoryBytes } = resources();
    expect(diskBytes).toBeGreaterThan(1e6);
    expect(memoryBytes).toBeGreaterThan(1e6);
  }
});

test('a machine that has room for a small dataset is refused a large one, with the figure of that one', () => {
  const available = { diskBytes: needed('diskBytes') + 500e6, memoryBytes: 1e12 };
  const check = (size: 'small' | 'large') => () => checkResources(engines, available, createDataset({ size }).counts);
  expect(check('small')).not.toThrow();
  expect(check('large')).toThrow(expect.objectContaining({ code: 'NO_DISK_SPACE' }));
});

test('what is comfortable is more than what is needed, for images and files too, and goes by the engines at hand', () => {
  const all = comfortableRoom(engines);
  const [first] = engines;
  if (first === undefined) throw new Error('there is an engine');
  const one = comfortableRoom([first]);
  for (const key of ['diskBytes', 'memoryBytes'] as const) {
    expect(all[key]).toBeGreaterThan(needed(key));
    expect(one[key]).toBeGreaterThan(first.resources()[key]);
    expect(all[key] - one[key]).toBe(comfortableRoom(engines.slice(1))[key]);
  }
  expect(comfortableRoom([])).toEqual({ diskBytes: 0, memoryBytes: 0 });
});
