import { messageOf, SandboxError } from '../core/errors.ts';
import { causesOf, isConnectionError } from '../core/process/connection-error.ts';
import { engineNames } from './engine-names.ts';
import { loadEngines } from './load-engines.ts';

/**
 * `CONNECTION_LOST` where a driver's error says that its server is gone or gives no answer, with the engine where the error
 * tells which; `undefined` of any other error, those of the sandbox included.
 */
export async function connectionLossOf(thrown: unknown): Promise<SandboxError | undefined> {
  if (thrown instanceof SandboxError) return undefined;
  const causes = [...causesOf(thrown)];
  const engine = (await loadEngines(engineNames)).find(({ isConnectionLoss }) =>
    causes.some((each) => isConnectionLoss?.(each)),
  );
  if (engine === undefined && !causes.some(isConnectionError)) return undefined;
  return new SandboxError({
    code: 'CONNECTION_LOST',
    message: `${engine === undefined ? 'A server' : engine.title} could not be reached, or closed a connection: ${messageOf(thrown)}.`,
    next: '`npm run sandbox -- status` shows what runs, and `npm run sandbox -- logs` what it says; run this again once all of it does.',
    ...(engine === undefined ? {} : { engine: engine.name }),
    cause: thrown,
  });
}
