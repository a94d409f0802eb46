import { describe } from 'vitest';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { testKilledLoads } from './support/killed-loads.ts';

/** `npm run test:soak` kills more of them. */
describe.each(defaultEngines)('a load of %s that is killed', (name) =>
  testKilledLoads(name, { loadsMin: 1, loadsMax: 4 }),
);
