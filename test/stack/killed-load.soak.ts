import { describe } from 'vitest';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { testKilledLoads } from './support/killed-loads.ts';

describe.each(engineNames)('many loads of %s that are killed', (name) =>
  testKilledLoads(name, { loadsMin: 5, loadsMax: 8 }),
);
