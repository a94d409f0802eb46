export { createFollowingPool } from './server/following-pool.ts';
