import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';

/**
 * Attaches until that succeeds and every node of what is attached to answers. Default: the deadline `nodeReady`.
 * Throws `NODE_NOT_READY`.
 */
export async function untilAttached<Attached extends { readonly engines: ReadonlyMap<EngineName, RunningEngine> }>(
  attach: () => Promise<Attached>,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Attached> {
  const timeoutMs = options.timeoutMs ?? deadlineMs('nodeReady');
  return poll(
    async () => {
      const attached = await attach();
      const engines = await loadEngines([...attached.engines.keys()]);
      await Promise.all(
        engines.flatMap((engine) => {
          const running = attached.engines.get(engine.name);
          return (running?.nodes ?? []).map((node) => engine.probe(node, running?.secrets ?? {}));
        }),
      );
      return attached;
    },
    {
      timeoutMs,
      signal: options.signal,
      onTimeout: (last) =>
        new SandboxError({
          code: 'NODE_NOT_READY',
          message: `The stack was not ready within ${timeoutMs / 1000} s: ${messageOf(last)}`,
          next: '`npm run sandbox -- status` shows what runs, `logs` what it says.',
        }),
    },
  );
}
