import { execa } from 'execa';
import { expect, test } from 'vitest';
import { checkoutWith } from './support/checkout-with.ts';
import { coreOnly } from './support/core-only/engine.ts';

test('types, linter and unit tests hold with an engine more', { timeout: 900_000 }, async () => {
  await using checkout = await checkoutWith(coreOnly.name, 'coreOnly');
  for (const args of [
    ['tsc', '--noEmit'],
    ['biome', 'check', 'sandbox', 'test'],
    ['vitest', 'run', '--project', 'unit'],
  ]) {
    const { exitCode, all } = await execa('npx', args, { cwd: checkout.path, reject: false, all: true });
    expect([args, exitCode, exitCode === 0 ? '' : all]).toEqual([args, 0, '']);
  }
});
