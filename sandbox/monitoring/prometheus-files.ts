import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { durationMs, scaledDuration } from './scaled-duration.ts';

const folder = join(import.meta.dirname, 'prometheus');
const specifiedFile = join(import.meta.dirname, 'as-specified', 'database-monitoring.yaml');

/** How long a scrape may take where nothing else is said (Prometheus documentation, `scrape_timeout`). */
const usualTimeoutMs = 10_000;

interface Job {
  readonly scrape_interval?: string;
}

/** The scrape configuration, with time running faster by this factor. At 1 the file as it is. */
export function scaledConfiguration(timeScale: number): string {
  const text = readFileSync(join(folder, 'prometheus.yml'), 'utf8');
  if (timeScale === 1) return text;
  const scaled = (key: string, value: unknown) =>
    key.endsWith('_interval') && typeof value === 'string' ? scaledDuration(value, timeScale) : value;
  const configuration = JSON.parse(JSON.stringify(parse(text)), (key, value) => scaled(key, value));
  // A scrape may take as long as the next one is away: a server is no faster, and one that has just started is slow.
  const jobs = (configuration.scrape_configs as readonly Job[]).map((job) =>
    job.scrape_interval === undefined ? job : { ...job, scrape_timeout: job.scrape_interval },
  );
  const global = { ...configuration.global, scrape_timeout: configuration.global.scrape_interval };
  return stringify({ ...configuration, global, scrape_configs: jobs });
}

/** The longest interval between scrapes, how long one may take, and the interval of the rules, in milliseconds. */
export function scrapeTimesMs(timeScale: number) {
  const { global, scrape_configs: jobs } = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8')) as {
    readonly global: Readonly<Record<'scrape_interval' | 'evaluation_interval', string>>;
    readonly scrape_configs: readonly Job[];
  };
  const intervals = jobs.map(({ scrape_interval: interval = global.scrape_interval }) => durationMs(interval));
  const intervalMs = Math.max(...intervals) / timeScale;
  return {
    intervalMs,
    timeoutMs: timeScale === 1 ? usualTimeoutMs : intervalMs,
    evaluationMs: durationMs(global.evaluation_interval) / timeScale,
  };
}

/** A rule of an alert, as the files have it. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** A file of rules, for the container of Prometheus. */
interface RulesOfFile {
  readonly name: string;
  readonly content: string;
}

/** Rules about these engines and those about none, with time running faster by this factor. */
export function ownRules(engines: readonly string[], timeScale: number): readonly RulesOfFile[] {
  return rulesByFile(engines).map(({ path, groups }) => ({
    name: basename(path),
    content: stringify({
      groups: groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => scaledRule(rule, timeScale)) })),
    }),
  }));
}

/** Alerts about these engines and those about none, as the files have them. */
export function alertsAbout(engines: readonly string[]): readonly Rule[] {
  return rulesByFile(engines).flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}

/** What a specified alert is called beside ours. */
export function asSpecifiedName(alert: string): string {
  return `${alert}AsSpecified`;
}

/** The specification's rules under names of their own, for controls, with time running faster by this factor. */
export function specifiedRules(timeScale: number): RulesOfFile {
  const { data } = parse(readFileSync(specifiedFile, 'utf8')) as { readonly data: Readonly<Record<string, string>> };
  const { groups } = parse(data['alerts.yml'] ?? '') as RuleFile;
  const renamed = groups.map(({ name, rules }) => ({
    name: `as specified: ${name}`,
    rules: rules.map((rule) => ({ ...scaledRule(rule, timeScale), alert: asSpecifiedName(rule.alert) })),
  }));
  return { name: 'as-specified.yml', content: stringify({ groups: renamed }) };
}

function rulesByFile(engines: readonly string[]) {
  return readdirSync(join(folder, 'rules')).map((name) => {
    const { groups } = parse(readFileSync(join(folder, 'rules', name), 'utf8')) as RuleFile;
    return {
      path: name,
      groups: groups.map(({ name, rules }) => ({
        name,
        rules: rules.filter(({ labels }) => labels?.engine === undefined || engines.includes(labels.engine)),
      })),
    };
  });
}

function scaledRule(rule: Rule, timeScale: number): Rule {
  if (timeScale === 1) return rule;
  const expr = rule.expr
    .replaceAll(/\[(\d+[smh])\]/g, (_, text: string) => `[${scaledDuration(text, timeScale)}]`)
    .replaceAll(/\boffset (\d+[smh])\b/g, (_, text: string) => `offset ${scaledDuration(text, timeScale)}`);
  return { ...rule, expr, ...(rule.for === undefined ? {} : { for: scaledDuration(rule.for, timeScale) }) };
}
