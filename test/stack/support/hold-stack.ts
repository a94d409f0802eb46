// Holds a throw-away stack until it is asked to end: for tests that kill a process.
import { once } from 'node:events';
import { createStack } from '../../../sandbox/stack/create-stack.ts';

await using stack = await createStack({ engines: ['redis'], size: 'none', connect: false });
const end = once(process, 'SIGTERM');
console.log(stack.name);
const keepAlive = setInterval(() => {}, 60_000);
await end;
clearInterval(keepAlive);
