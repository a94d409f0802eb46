import { describe } from 'vitest';
import { seedText } from '../support/seed.ts';
import { testKilledStarts } from './support/killed-starts.ts';

describe(`many starts that are killed (${seedText})`, () => testKilledStarts(20));
