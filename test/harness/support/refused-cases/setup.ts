import { setupWith } from '../../../../sandbox/harness/vitest/global-setup.ts';

export const setup = setupWith({ engine: ['redis'] } as never);
