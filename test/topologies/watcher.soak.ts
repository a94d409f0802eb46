import { describe } from 'vitest';
import { testFaultsOfPrimary, useWatchedStack } from './support/watched-stack.ts';

const faults = ['kill', 'isolate', 'pause', 'kill', 'isolate', 'pause'] as const;

describe('a primary with a watcher', () => testFaultsOfPrimary(useWatchedStack(), faults));
