import { s3Storage } from '../../../sandbox/backup/storage/s3.ts';
import { residentBytesMax } from '../../support/peak-memory.ts';

/** Sends one file as a process of its own; at its end it prints the most memory it had, in bytes. */
const [address = '', endpoint = '', file = '', name = ''] = process.argv.slice(2);
await s3Storage(address, { endpoint }).store(file, name, {});
console.log(residentBytesMax());
process.exit();
