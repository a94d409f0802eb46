import { containerEngineFailure } from '../containers/runtime/engine-failure.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { causesOf, isConnectionError } from '../core/process/connection-error.ts';
import { withFullStop } from '../core/text/full-stop.ts';
import type { EngineCore } from './contract/engine.ts';
import { engineNames } from './engine-names.ts';
import { loadEngines } from './load-engines.ts';

/**
 * `CONNECTION_LOST` where a driver's error says that its server is gone or gives no answer, with the engine where the error
 * tells which, and `DOCKER_FAILED` where it is the container engine; `undefined` of any other error, those of the sandbox included.
 * `load` has the engines whose drivers are known; default: all.
 */
export async function connectionLossOf(
  thrown: unknown,
  load: () => Promise<readonly Pick<EngineCore, 'name' | 'title' | 'isConnectionLoss'>[]> = () =>
    loadEngines(engineNames),
): Promise<SandboxError | undefined> {
  if (thrown instanceof SandboxError) return undefined;
  // It is no store, and its loss has another next step.
  const ofContainerEngine = containerEngineFailure(thrown);
  if (ofContainerEngine !== undefined) return ofContainerEngine;
  const causes = [...causesOf(thrown)];
  // Where one cannot be loaded, what was thrown is still what has to be told.
  const engines = await load().catch(() => []);
  const claiming = engines.filter(({ isConnectionLoss }) => causes.some((each) => isConnectionLoss?.(each)));
  if (claiming.length === 0 && !causes.some(isConnectionError)) return undefined;
  // Engines that share a driver share its errors: which of them it was is not told.
  const engine = claiming.length === 1 ? claiming[0] : undefined;
  return new SandboxError({
    code: 'CONNECTION_LOST',
    message: withFullStop(
      `${engine === undefined ? 'A server' : engine.title} could not be reached, or closed a connection: ${messageOf(thrown)}`,
    ),
    next: '`npm run sandbox -- status` shows what runs, and `npm run sandbox -- logs` what it says; run this again once all of it does.',
    ...(engine === undefined ? {} : { engine: engine.name }),
    cause: thrown,
  });
}
