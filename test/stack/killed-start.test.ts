import { describe } from 'vitest';
import { seedText } from '../support/seed.ts';
import { testKilledStarts } from './support/killed-starts.ts';

/** `npm run test:soak` kills more of them. */
describe(`a start that is killed (${seedText})`, () => testKilledStarts(2));
