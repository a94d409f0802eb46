import { expect, test } from 'vitest';
import { parseEngines } from '../../sandbox/commands/options/names.ts';
import { resolveSettings } from '../../sandbox/commands/options/settings.ts';
import { defaultEngines, type EngineName, engineNames } from '../../sandbox/engines/engine-names.ts';
import { registerEngine } from '../../sandbox/engines/index.ts';
import { askedStack } from '../../sandbox/stack/resolve/asked-stack.ts';
import { coreOnly } from '../engines/support/core-only/engine.ts';

const further = { ...coreOnly, name: 'further' as EngineName };
registerEngine(further);
const platform = ['postgresql', 'mongodb', 'neo4j', 'redis', 'qdrant'];

test('an engine that is further is part of a stack where it is named, and nowhere else', async () => {
  expect(engineNames.at(-1)).toBe(further.name);
  expect(defaultEngines).toEqual(platform);
  expect(askedStack({}).engines).toEqual(platform);
  expect(askedStack({ engines: [further.name] }).engines).toEqual([further.name]);
  expect(parseEngines(`${further.name},redis`, '--engines')).toEqual(['redis', further.name]);
  const settings = (flags: { readonly engines?: string }, environment: NodeJS.ProcessEnv = {}) =>
    resolveSettings({ directory: import.meta.dirname, ...flags }, environment);
  expect((await settings({})).engines).toEqual(platform);
  expect((await settings({ engines: further.name })).engines).toEqual([further.name]);
  expect((await settings({}, { SANDBOX_ENGINES: further.name })).engines).toEqual([further.name]);
});
