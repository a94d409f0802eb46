import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { notice, type ProgressListener, silent } from '../../core/progress.ts';
import type { Secrets } from '../../engines/contract/topology.ts';
import { withoutSecrets } from './without-secrets.ts';

/**
 * Shows what modules print as progress, without passwords: standard output is that of the command, which may print a document
 * there. Where nobody listens, as in a test, they print as ever.
 */
export async function withConsoleShown<Value>(
  progress: ProgressListener,
  secrets: Secrets,
  work: () => Promise<Value>,
): Promise<Value> {
  if (progress === silent) return work();
  const own = globalThis.console;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      notice(progress, 'info', withoutSecrets(String(chunk).trimEnd(), secrets));
      done();
    },
  });
  globalThis.console = new Console(stream, stream);
  try {
    return await work();
  } finally {
    globalThis.console = own;
  }
}
