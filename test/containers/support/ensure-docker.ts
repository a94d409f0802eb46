// Makes sure of a container engine, and prints each notice and task, or the error's code: for tests that need a
// machine of their own. Argument: `auto` or `never`.
import { ensureDocker } from '../../../sandbox/containers/runtime/find/docker-host.ts';
import { SandboxError } from '../../../sandbox/core/errors.ts';

try {
  await ensureDocker({
    install: process.argv[2] === 'auto' ? 'auto' : 'never',
    progress: (event) => {
      if (event.kind === 'notice') console.log(`notice ${event.text}`);
      else if (event.kind !== 'advanced') console.log(`${event.kind} ${event.task.join(' ')}`);
    },
  });
} catch (thrown) {
  if (!(thrown instanceof SandboxError)) throw thrown;
  console.log(JSON.stringify({ code: thrown.code, next: thrown.next }));
  if (thrown.evidence !== undefined) console.error(thrown.evidence);
}
