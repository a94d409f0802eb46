import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricsIn, readPanels } from './support/dashboard.ts';

async function readFixture<Content>(name: string): Promise<Content> {
  return JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', name), 'utf8')) as Content;
}

test.each([
  ['up', ['up']],
  ['100 * sum by (job, instance) (a_total{b="c{d"}) / on (job) group_left () (e > 0)', ['a_total', 'e']],
  ['rate(a:b[5m] offset 1h) and on (x) c == 1 unless vector(1)', ['a:b', 'c']],
  ['histogram_quantile(0.95, sum by (le) (rate(a_bucket[$__rate_interval]))) >= 1e3', ['a_bucket']],
])('%s names its metrics', (expression, names) => {
  expect(metricsIn(expression)).toEqual(names);
});

test('every metric of the dashboard is in a live scrape, or declared as one that is published', async () => {
  const scraped = await readFixture<Readonly<Record<string, object>>>('live-labels.json');
  const published = await readFixture<Readonly<Record<string, readonly string[]>>>('published-metrics.json');
  const known = new Set([
    ...Object.values(scraped).flatMap((each) => Object.keys(each)),
    ...Object.values(published).flat(),
  ]);
  const named = (await readPanels()).flatMap(({ title, targets }) =>
    targets.flatMap(({ expr }) => metricsIn(expr).map((metric) => ({ title, metric }))),
  );
  expect(named.filter(({ metric }) => !known.has(metric))).toEqual([]);
  // Each engine, backups and quality are on it.
  for (const prefix of ['pg_', 'mongodb_', 'neo4j_', 'collection', 'redis_', 'taishang_backup_', 'taishang_quality_'])
    expect(named.map(({ metric }) => metric).filter((metric) => metric.startsWith(prefix))).not.toEqual([]);
});

test('the declared metrics of the sandbox are those that its alerts read', async () => {
  const { sandbox } = await readFixture<{ readonly sandbox: readonly string[] }>('published-metrics.json');
  const folder = join(import.meta.dirname, '..', '..', 'sandbox', 'monitoring', 'prometheus', 'rules');
  const rules = await readFile(join(folder, 'monitoring.yml'), 'utf8');
  expect(new Set(rules.match(/taishang_\w+/g))).toEqual(new Set(sandbox));
});

test('a panel that may be empty says where', async () => {
  for (const { title, description, targets } of await readPanels()) {
    expect(targets.length, title).toBeGreaterThan(0);
    if (description !== undefined) expect(description, title).toMatch(/^Empty (where|while|until) .{10,}\.$/);
  }
});
