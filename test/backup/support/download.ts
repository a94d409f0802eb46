import { s3Storage } from '../../../sandbox/backup/storage/s3.ts';

/** Fetches one archive as a process of its own. */
const [address = '', endpoint = '', name = '', file = ''] = process.argv.slice(2);
await s3Storage(address, { endpoint }).fetch(name, file, {});
process.exit();
