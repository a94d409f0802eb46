import type { Command } from 'commander';
import { givenOptions, plainFormats, type SharedOption, withOptions } from '../options/options.ts';
import { refusePassedOver } from '../options/taken-options.ts';
import { type Action, type Invocation, runAction } from '../run-action.ts';

/** What starts and fills a stack. */
export const seeded: readonly SharedOption[] = [
  'engines',
  'topology',
  'failover',
  'size',
  'images',
  'dockerInstall',
  'reset',
  'seed',
];

/** Adds a command with the options that it shares with others. */
export function add(
  program: Command,
  name: string,
  description: string,
  options: readonly SharedOption[],
  formats: readonly string[] = plainFormats,
): Command {
  return withOptions(program.command(name).description(description), options, formats).copyInheritedSettings(program);
}

/** Wires an action that is loaded when it is chosen. */
export function run(load: () => Promise<Action>, special: Partial<Pick<Invocation, 'formats' | 'signals'>> = {}) {
  return async function act(this: Command): Promise<void> {
    const given = { flags: givenOptions(this), arguments: this.args };
    refusePassedOver(this, given);
    await runAction(load, { formats: plainFormats, ...special, ...given });
  };
}

/** Takes an option that may be given several times. */
export function eachOf(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
