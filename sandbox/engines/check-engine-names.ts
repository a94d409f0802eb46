import { SandboxError } from '../core/errors.ts';
import { badValue, checkMapping, type OptionCheck } from '../core/option-checks.ts';
import { shownValue } from '../core/text/shown-value.ts';
import { type EngineName, engineNames } from './engine-names.ts';

/** Throws `BAD_OPTION` for what is no list of engines, `UNKNOWN_ENGINE` for one that is none. */
export function checkEngines(option: string, names: unknown): asserts names is readonly EngineName[] {
  if (!Array.isArray(names)) throw badValue(option, names, "a list of engines: ['redis']");
  const unknown = names.findIndex((name) => !engineNames.includes(name));
  if (unknown !== -1) {
    const given: unknown = names[unknown];
    throw new SandboxError({
      code: 'UNKNOWN_ENGINE',
      message: `${option}: there is no engine \`${typeof given === 'string' ? given : shownValue(given)}\`.`,
      next: `Use one of: ${engineNames.join(', ')}.`,
    });
  }
  if (new Set(names).size < names.length) throw badValue(option, names, 'a list that names each engine once');
}

/** {@link checkEngines}, where none at all is no answer: `BAD_OPTION`. */
export function checkSomeEngines(option: string, names: unknown): asserts names is readonly EngineName[] {
  checkEngines(option, names);
  if (names.length === 0) throw badValue(option, names, "a list of at least one engine: ['redis']");
}

/** Something of each engine, by its name. Throws `BAD_OPTION`, `UNKNOWN_ENGINE`, and what the check throws. */
export function byEngineCheck(check: OptionCheck): OptionCheck {
  return (option, value) => {
    checkMapping(option, value);
    checkEngines(option, Object.keys(value));
    for (const [name, each] of Object.entries(value)) if (each !== undefined) check(`${option}.${name}`, each);
  };
}
