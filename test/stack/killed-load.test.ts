import { describe } from 'vitest';
import { testKilledLoads } from './support/killed-loads.ts';

/** `npm run test:soak` kills more of them, of each engine; `test/engines/every-engine.test.ts` kills one of each without the command. */
describe('a load of postgresql that is killed', () => testKilledLoads('postgresql', { loadsMin: 1, loadsMax: 4 }));
