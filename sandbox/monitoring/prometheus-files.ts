import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';

const folder = join(import.meta.dirname, 'prometheus');

/** Seconds in each unit of Prometheus's durations that the files use. */
const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** `5m` at a scale of 30 is `10000ms`. */
function scaledDuration(text: string, timeScale: number): string {
  return text.replace(/^(\d+)([smh])$/, (_, count: string, unit: string) => {
    return `${Math.max(1, Math.round((Number(count) * (secondsIn[unit] ?? 0) * 1_000) / timeScale))}ms`;
  });
}

/** The scrape configuration, with time running faster by this factor. At 1 the file as it is. */
export function scaledConfiguration(timeScale: number): string {
  const text = readFileSync(join(folder, 'prometheus.yml'), 'utf8');
  if (timeScale === 1) return text;
  const scaled = (key: string, value: unknown) =>
    key.endsWith('_interval') && typeof value === 'string' ? scaledDuration(value, timeScale) : value;
  const configuration = JSON.parse(JSON.stringify(parse(text)), (key, value) => scaled(key, value));
  // A scrape may take as long as the next one is away, and Prometheus's default is 10 s.
  const shortest = scaledDuration('15s', timeScale);
  return stringify({ ...configuration, global: { ...configuration.global, scrape_timeout: shortest } });
}

interface Rule {
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** Rules about these engines and those about none, with time running faster by this factor. */
export function ownRules(
  engines: readonly string[],
  timeScale: number,
): readonly { readonly name: string; readonly content: string }[] {
  return globSync('rules/*.yml', { cwd: folder }).map((path) => {
    const { groups } = parse(readFileSync(join(folder, path), 'utf8')) as RuleFile;
    const kept = groups.map(({ name, rules }) => ({
      name,
      rules: rules.filter(({ labels }) => labels?.engine === undefined || engines.includes(labels.engine)),
    }));
    const content = stringify({
      groups: kept.map(({ name, rules }) => ({ name, rules: rules.map((rule) => scaledRule(rule, timeScale)) })),
    });
    return { name: basename(path), content };
  });
}

function scaledRule(rule: Rule, timeScale: number): Rule {
  if (timeScale === 1) return rule;
  const expr = rule.expr
    .replaceAll(/\[(\d+[smh])\]/g, (_, text: string) => `[${scaledDuration(text, timeScale)}]`)
    .replaceAll(/\boffset (\d+[smh])\b/g, (_, text: string) => `offset ${scaledDuration(text, timeScale)}`);
  return { ...rule, expr, ...(rule.for === undefined ? {} : { for: scaledDuration(rule.for, timeScale) }) };
}
