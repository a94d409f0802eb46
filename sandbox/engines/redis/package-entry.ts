export { acquireLock, extendLock, type HeldLock, releaseLock } from './schema/lock.ts';
export { warmUpUsers } from './schema/warm-up.ts';
export { type RedisClient, redisClientFromEnvironment } from './server/client.ts';
