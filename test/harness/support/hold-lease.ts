// Has a lease until it is killed: `hold-lease.ts FOLDER-OF-STACK`.
import { openHarness } from '../../../sandbox/harness/open-harness.ts';

const harness = await openHarness({ directory: process.argv[2] ?? '' });
await harness.lease({ engines: ['postgresql'], label: 'held by another process' });
setInterval(() => {}, 60_000);
