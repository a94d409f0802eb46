import type { Leak } from '../../contract/isolation.ts';

export const leaks: readonly Leak[] = [];
