import { parse } from 'yaml';

/** One alert of a rule file of Prometheus. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export function parseRules(text: string): readonly Rule[] {
  return (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules);
}

/** `5m`, `90s`, `1h` in seconds. Default: 0. */
export function secondsOf(duration = '0s'): number {
  const [, count = '', unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? [];
  const seconds = { s: 1, m: 60, h: 3600 }[unit];
  if (seconds === undefined) throw new Error(`${duration} is no duration that is known here`);
  return Number(count) * seconds;
}
