import { setupWith } from '../../../../sandbox/harness/vitest/global-setup.ts';

export const setup = setupWith({ directory: process.env.CASES_STACK ?? '', engines: ['postgresql'] });
