import { Redis } from 'ioredis';
import { runForDocument } from './command.ts';

/** Asks the Redis of the stack of a folder, as an application would, by the address that `env` prints. */
export async function withRedisOf<Value>(
  { path }: { readonly path: string },
  ask: (client: Redis) => Promise<Value>,
): Promise<Value> {
  const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env'], { cwd: path });
  const client = new Redis(REDIS_URL);
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}
