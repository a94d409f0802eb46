import { SandboxError } from '../../core/errors.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { loadEngine } from '../../engines/load-engines.ts';
import { attachStack } from '../../stack/attach/attach-stack.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { isolationOf } from '../isolation-of.ts';
import type { LeasedEngine } from './broker-options.ts';

/**
 * An engine of a stack that runs. Throws `UNKNOWN_ENGINE`, `NOT_SUPPORTED` where it cannot give tests stores of their own,
 * and `STACK_NOT_RUNNING`.
 */
export async function leasedEngine(identity: StackIdentity, name: string): Promise<LeasedEngine> {
  const known = engineNames.find((each) => each === name);
  if (known === undefined) throw unknownEngine(name);
  const isolation = await isolationOf(known);
  const { engines } = await attachStack({ ...identity, engines: [known] });
  const running = engines.get(known);
  if (running === undefined) throw new Error(`${name} was attached to, and is not there`);
  const engine = await loadEngine(known);
  return { isolation, running, insight: engine.insight ?? whyWithout(engine, 'insight') };
}

function unknownEngine(name: string): SandboxError {
  return new SandboxError({
    code: 'UNKNOWN_ENGINE',
    message: `There is no engine \`${name}\`.`,
    next: `Use one of: ${engineNames.join(', ')}.`,
  });
}
