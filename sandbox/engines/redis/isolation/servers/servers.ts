import type { IsolationMode } from '../../../contract/isolation.ts';
import { sweepServers } from '../../../shared/isolation/servers.ts';
import { leaksOfServers } from '../leaks/leaks.ts';
import { openServers } from './places.ts';

/** A server each: pub/sub, settings, users and functions are the test's own too. */
export const servers: IsolationMode = {
  mode: 'server',
  place:
    'a server with a password of its own, filled with all databases, users and functions, and put right by content',
  leaks: leaksOfServers,
  open: openServers,
  sweep: sweepServers,
};
