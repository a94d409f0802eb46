import type { EngineName } from '../../engines/engine-names.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import type { LeaseSettings } from '../lease-settings.ts';

/** Under which name the setup provides it. */
export const providedKey = 'taishang-sandbox';

/** What the setup tells every worker: where the stack is. The broker is found by that. */
export interface ProvidedHarness extends LeaseSettings {
  readonly identity: StackIdentity;
  readonly engines: readonly EngineName[];
  /** For a worker that starts the next broker, where the first one has ended. */
  readonly maximum?: Readonly<Partial<Record<EngineName, number>>>;
}

declare module 'vitest' {
  interface ProvidedContext {
    [providedKey]: ProvidedHarness;
  }
}
