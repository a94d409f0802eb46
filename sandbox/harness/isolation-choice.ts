import { SandboxError } from '../core/errors.ts';
import { checkEngines } from '../engines/check-engine-names.ts';
import { isolationModes } from '../engines/contract/isolation-modes.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import { isolationOf } from './isolation-of.ts';
import type { IsolationChoice } from './lease-settings.ts';

/** A choice whose modes are there. */
export interface ChosenModes {
  /** Modes of places that are no default. */
  readonly modes: IsolationChoice;
  /** Engines whose tests share a session, and have their work rolled back. */
  readonly rolledBack: readonly EngineName[];
}

/**
 * What was chosen and is no default. Throws `UNKNOWN_ENGINE`, `BAD_OPTION` for what is no mode of its engine, and
 * `NOT_SUPPORTED` for an engine that gives tests no store of their own.
 */
export async function chosenModes(choice: IsolationChoice = {}, option = 'isolation'): Promise<ChosenModes> {
  checkEngines(option, Object.keys(choice));
  const modes: Partial<Record<EngineName, string>> = {};
  const rolledBack: EngineName[] = [];
  for (const engine of engineNames) {
    const mode: unknown = choice[engine];
    if (mode === undefined) continue;
    const isolation = await isolationOf(engine);
    const places = isolationModes(isolation).map((each) => each.mode);
    const session = isolation.rolledBack?.mode;
    const found = places.find((each) => each === mode);
    if (found !== undefined && found !== isolation.mode) modes[engine] = found;
    else if (found === undefined && session !== undefined && mode === session) rolledBack.push(engine);
    else if (found === undefined) {
      throw unknownMode(`${option}: ${engine}`, mode, session === undefined ? places : [...places, session]);
    }
  }
  return { modes, rolledBack };
}

function unknownMode(what: string, mode: unknown, known: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${what} keeps no tests apart by \`${String(mode)}\`.`,
    next: `Use one of: ${known.join(', ')}. The first is the default.`,
  });
}
