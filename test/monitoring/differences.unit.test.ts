import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { alertCases, silentCases } from './support/alert-cases.ts';
import { parseRules, type Rule } from './support/rule-file.ts';

const top = join(import.meta.dirname, '..', '..');
const folder = join(top, 'sandbox', 'monitoring');

interface Configuration {
  readonly global: Readonly<Record<string, string>>;
  readonly scrape_configs: readonly { readonly job_name: string; readonly scrape_interval?: string }[];
}

let specified: { readonly configuration: Configuration; readonly rules: readonly Rule[] };
let own: { readonly configuration: Configuration; readonly rules: readonly Rule[] };

beforeAll(async () => {
  const { data } = parse(await readFile(join(folder, 'as-specified', 'database-monitoring.yaml'), 'utf8'));
  specified = { configuration: parse(data['prometheus.yml']), rules: parseRules(data['alerts.yml']) };
  const files = globSync('prometheus/rules/*.yml', { cwd: folder });
  const rules = await Promise.all(files.map(async (file) => parseRules(await readFile(join(folder, file), 'utf8'))));
  own = {
    configuration: parse(await readFile(join(folder, 'prometheus', 'prometheus.yml'), 'utf8')),
    rules: rules.flat(),
  };
});

test('the scrape configuration differs from the specified one in what is listed', async () => {
  const sections = Object.keys(own.configuration).filter((name) => !Object.hasOwn(specified.configuration, name));
  expect(sections).toEqual(['rule_files', 'alerting']);
  expect(own.configuration.global).toEqual({ ...specified.configuration.global, evaluation_interval: '15s' });
  const jobs = ({ scrape_configs: all }: Configuration) => all.map(({ job_name: name }) => name);
  expect(jobs(own.configuration).slice(0, 4)).toEqual(jobs(specified.configuration));
  for (const job of specified.configuration.scrape_configs) {
    const ours = own.configuration.scrape_configs.find(({ job_name: name }) => name === job.job_name);
    expect(ours?.scrape_interval, job.job_name).toBe(job.scrape_interval);
  }
  expect(jobs(own.configuration).slice(4)).toEqual(['qdrant', 'sandbox', 'prometheus', 'alertmanager']);
});

test('of the four specified alerts the expressions alone differ, and the engine that they are about', () => {
  for (const rule of specified.rules) {
    const ours = own.rules.find(({ alert }) => alert === rule.alert);
    expect({ ...ours, expr: '', labels: { severity: ours?.labels?.severity } }).toEqual({ ...rule, expr: '' });
    expect(ours?.expr, rule.alert).not.toBe(rule.expr);
  }
});

test('the document names every alert, and those that the specification lacks as such', async () => {
  const document = await readFile(join(top, 'docs', 'monitoring.md'), 'utf8');
  const rows = [...document.matchAll(/^\| `(\w+)` \| (specified|ours) \|/gm)].map(([, alert, origin]) => ({
    alert,
    origin,
  }));
  const names = [...new Set(own.rules.map(({ alert }) => alert))];
  const isSpecified = (name: string) => specified.rules.some(({ alert }) => alert === name);
  expect(rows.toSorted((a, b) => (a.alert ?? '').localeCompare(b.alert ?? ''))).toEqual(
    names
      .toSorted((a, b) => a.localeCompare(b))
      .map((alert) => ({ alert, origin: isSpecified(alert) ? 'specified' : 'ours' })),
  );
});

/** Label names of each metric in a scrape of the exporters on real servers, by job. */
type LiveLabels = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

test('the series of the unit tests have the labels of live scrapes', async () => {
  const live: LiveLabels = JSON.parse(
    await readFile(join(import.meta.dirname, 'fixtures', 'live-labels.json'), 'utf8'),
  );
  const series = [...alertCases, ...silentCases].flatMap((each) => each.series.map((one) => one.series));
  const scraped = series.flatMap((text) => {
    const [, metric = '', job = '', rest = ''] = /^(\w+)\{job="([\w-]+)",(.*)\}$/.exec(text) ?? [];
    const own = [...rest.matchAll(/(\w+)="/g)].map(([, name = '']) => name);
    return live[job] === undefined ? [] : [{ metric, job, own }];
  });
  expect(new Set(scraped.map(({ job }) => job))).toEqual(new Set(Object.keys(live)));
  const ofTarget = ['instance', 'engine', 'origin'];
  for (const { metric, job, own } of scraped) {
    // `up` is Prometheus's own, of any target.
    const labels = metric === 'up' ? [] : live[job]?.[metric];
    expect(labels, `${job} has ${metric}`).toBeDefined();
    // The labels of redis_instance_info are many: those that no rule reads are left out of the tests.
    const read = own.filter((name) => !ofTarget.includes(name));
    if (metric === 'redis_instance_info') expect(labels).toEqual(expect.arrayContaining(read));
    else expect(read.toSorted(), `labels of ${metric}`).toEqual(labels);
  }
});
