import { describe } from 'vitest';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { testKilledLoads } from './support/killed-loads.ts';

describe.each(defaultEngines)('many loads of %s that are killed', (name) =>
  testKilledLoads(name, { loadsMin: 5, loadsMax: 8 }),
);
