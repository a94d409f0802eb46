import type { TestProject } from 'vitest/node';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { type HarnessOptions, openHarness } from '../open-harness.ts';
import { providedKey } from './provided.ts';
import { saidAdvice } from './said-advice.ts';
import { saidProgress } from './said-progress.ts';

/** Ends what a setup has opened. */
type Teardown = () => Promise<void>;

/**
 * The same as {@link setup}, with options: for a setup file of one's own, which `globalSetup` names.
 * What it returns throws what `openHarness` throws.
 *
 *     export const setup = setupWith({ engines: ['postgresql', 'redis'], size: 'none' });
 */
export function setupWith<Name extends EngineName>(
  options: HarnessOptions<Name>,
): (project: TestProject) => Promise<Teardown> {
  return async (project) => {
    using said = saidProgress((line) => process.stderr.write(`taishang-sandbox: ${line}\n`));
    const harness = await openHarness({ progress: said.listener, ...options }).catch((thrown) => {
      for (const line of saidAdvice([thrown])) process.stderr.write(`${line}\n`);
      throw thrown;
    });
    const { identity, engines } = harness;
    const { waitMs, keepFailed, keepFailedForMs, verify, insight, isolation, maximum } = options;
    const settings = withoutUndefined({ waitMs, keepFailed, keepFailedForMs, verify, insight, isolation, maximum });
    project.provide(providedKey, { ...settings, identity, engines });
    // Held until the run ends: the pools of its broker stay warm from file to file.
    return () => harness.close();
  };
}

/**
 * For `globalSetup`: starts the stack of the current folder, or attaches to it, once for all test files. The stack stays up
 * when they have run. `globalSetup: ['taishang-sandbox/vitest/global-setup']` in Vitest's configuration names it. Throws what
 * `openHarness` throws.
 */
export const setup: (project: TestProject) => Promise<Teardown> = setupWith({});
