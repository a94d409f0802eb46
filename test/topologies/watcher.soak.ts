import { testFaultsOfPrimary, useWatchedStack } from './support/watched-stack.ts';

testFaultsOfPrimary(useWatchedStack(), ['kill', 'isolate', 'pause', 'kill', 'isolate', 'pause']);
