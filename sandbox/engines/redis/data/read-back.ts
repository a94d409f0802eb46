import type { ReadBack, SharedKind, SharedRow } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openMasters } from '../server/masters.ts';
import { scan } from './load.ts';
import { expiredSpaces } from './mark.ts';

/** Every user has a cache entry; conversations and graphs are cached for some only. */
export const readBack: ReadBack = { user: readUsers };

/** An hour after the load every user may have gone from the cache. */
export async function expiredKinds(running: RunningEngine): Promise<readonly SharedKind[]> {
  await using masters = await openMasters(running);
  return (await expiredSpaces(masters)).includes('user') ? ['user'] : [];
}

interface CachedUser {
  readonly id?: unknown;
  readonly silicon_level?: unknown;
  readonly consciousness_level?: unknown;
  readonly thinking_level?: unknown;
}

async function* readUsers(running: RunningEngine): AsyncGenerator<SharedRow> {
  await using masters = await openMasters(running);
  for (const client of masters.clients) {
    for await (const keys of scan(client, 'user:*')) {
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.get(key);
      const values = (await pipeline.exec()) ?? [];
      for (const [index, key] of keys.entries()) yield rowOf(key, (values[index]?.[1] as string | null) ?? 'null');
    }
  }
}

/** An entry that is not what the platform writes has no levels: that is a difference, not an error. */
function rowOf(key: string, text: string): SharedRow {
  const user = parse(text);
  const level = (value: unknown) => (typeof value === 'number' ? value : Number.NaN);
  const keyId = key.slice('user:'.length);
  return {
    // A key is there once. The scan may tell of it again.
    mayRepeat: true,
    id: user.id === keyId ? keyId : `${keyId} (which says it is ${String(user.id)})`,
    levels: {
      silicon: level(user.silicon_level),
      consciousness: level(user.consciousness_level),
      thinking: level(user.thinking_level),
    },
  };
}

function parse(text: string): CachedUser {
  try {
    return (JSON.parse(text) as CachedUser | null) ?? {};
  } catch {
    return {};
  }
}
