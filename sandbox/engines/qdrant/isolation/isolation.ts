import type { QdrantClient } from '@qdrant/js-client-rest';
import { deadlineMs } from '../../../core/deadlines.ts';
import type { Isolation } from '../../contract/isolation.ts';
import { sweepServers } from '../../shared/isolation/servers.ts';
import { createFollowingClient } from '../server/following-client.ts';
import { addRows, heldKeys } from './add-rows.ts';
import { leaks } from './leaks.ts';
import { openPlaces } from './places.ts';

/**
 * Each test has a server: names of collections and aliases, snapshots and keys are the same for all who use one, and
 * services have fixed names. It also has gRPC, which nothing in front of a server would.
 */
export const isolation: Isolation<QdrantClient> = {
  mode: 'server',
  place: 'a server with a key of its own, filled from snapshots and put right point by point',
  leaks,
  open: openPlaces,
  async connect({ uri, environment: variables }) {
    const client = createFollowingClient(uri, variables.QDRANT_API_KEY ?? '', { timeoutMs: deadlineMs('statement') });
    return { client, [Symbol.asyncDispose]: async () => {} };
  },
  addRows,
  heldKeys,
  sweep: sweepServers,
};
