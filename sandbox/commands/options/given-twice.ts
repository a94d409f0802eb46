import type { Command, Option } from 'commander';
import { badOption } from './names.ts';
import { flagOf } from './taken-options.ts';

/** Options that name several things, separated by commas: whoever gives one twice means all of them. */
const lists: readonly string[] = ['engines', 'topology', 'entities', 'isolation', 'cost'];

/**
 * Refuses a list that is given again with other names, before its command or after it, since the first would be passed over,
 * and an option beside its opposite. Of any other option that is given again the last counts, as with most programs.
 * Throws `BAD_OPTION` while the words are parsed.
 */
export function refuseGivenTwice(program: Command): void {
  const given = new Map<string, unknown>();
  for (const command of [program, ...program.commands]) {
    for (const option of command.options.filter(isLookedAt)) {
      const name = option.attributeName();
      command.on(`option:${option.name()}`, (text?: string | null) => {
        const value = text ?? !option.negate;
        const before = given.get(name) ?? value;
        if (before !== value) throw givenTwice(name, before, value);
        given.set(name, value);
      });
    }
  }
}

function isLookedAt(option: Option): boolean {
  const takesNothing = !option.required && !option.optional;
  return takesNothing || lists.includes(option.attributeName());
}

function givenTwice(name: string, before: unknown, value: unknown) {
  if (typeof value === 'boolean')
    return badOption(
      `${flagOf(name, before)} and ${flagOf(name, value)} exclude each other.`,
      'Leave one of them out.',
    );
  return badOption(
    `${flagOf(name, value)} is given twice, as \`${before}\` and as \`${value}\`.`,
    `Give it once, with all that is meant, separated by commas: ${flagOf(name, value)} ${before},${value}.`,
  );
}
