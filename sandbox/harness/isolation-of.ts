import { SandboxError } from '../core/errors.ts';
import type { Isolation } from '../engines/contract/isolation.ts';
import { whyWithout } from '../engines/contract/lacks.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { loadEngine } from '../engines/load-engines.ts';

/** What an engine makes a test's store with. Throws `NOT_SUPPORTED` with its reason. */
export async function isolationOf(name: EngineName): Promise<Isolation> {
  const engine = await loadEngine(name);
  if (engine.isolation !== undefined) return engine.isolation;
  throw new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: name,
    message: `${engine.title} gives tests no store of their own: ${whyWithout(engine, 'isolation')}.`,
    next: 'Leave it out, or use the one of the whole stack.',
  });
}
