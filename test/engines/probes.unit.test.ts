import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { engineNames } from '../../sandbox/engines/engine-names.ts';

const program = join(import.meta.dirname, 'support/probe-nobody.mjs');

test.for(engineNames)('a probe of %s that nobody answers leaves no timer that holds the process', async (name) => {
  const { stdout } = await execa(process.execPath, [program, name]);
  expect(JSON.parse(stdout)).toEqual({ refused: 'refused', timers: [] });
});
