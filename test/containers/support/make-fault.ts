// Isolates a node as a process of its own and waits: for tests that kill it.
import { createFaults } from '../../../sandbox/containers/faults/faults.ts';
import { ownerOfThisProcess } from '../../../sandbox/containers/runtime/owner.ts';

const [stackName = '', node = ''] = process.argv.slice(2);
await createFaults(stackName, ownerOfThisProcess()).inject({ kind: 'isolate', node });
console.log('made');
setInterval(() => {}, 60_000);
