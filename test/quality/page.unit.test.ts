import { describe, expect, test } from 'vitest';
import type { QualityHistory } from '../../sandbox/quality/history/history.ts';
import { recordedRunOf } from '../../sandbox/quality/history/recorded-run.ts';
import { trendsOf } from '../../sandbox/quality/history/trends.ts';
import type { QualityReport } from '../../sandbox/quality/run/report.ts';
import { formatQualityPage } from '../../sandbox/report/quality/quality-page.ts';
import { reportOf, resultOf } from './support/made-up-results.ts';

const payload = `"><img src=x onerror="alert(1)"><script>alert(1)</script>'onload='`;
const [blank, alone, rows, down] = ['postgresql.users.blank', 'neo4j.concept.alone', 'redis.user.rows', 'qdrant.a.b'];
const at = (hour: number) => `2026-11-30T${String(hour).padStart(2, '0')}:00:00.000Z`;

const reports = [4, 7, 25].map((count, index) =>
  reportOf(at(index), [
    resultOf(rows, 0),
    resultOf(alone, index === 0 ? 1 : 0, { severity: 'warning' }),
    resultOf(blank, count),
    resultOf(down, index === 2 ? undefined : 0, { note: 'it has no limit' }),
  ]),
);
const newest = reports.at(-1) as QualityReport;
const history: QualityHistory = {
  version: 1,
  contracts: 'platform',
  runs: reports.map(({ startedAt }) => startedAt),
  recorded: 3,
  unreadable: 0,
  checks: trendsOf(reports.map((report) => recordedRunOf(report, { contracts: 'platform', isWhole: true }))),
};

/** The section of a check, if it has one. */
function sectionOf(check: string, page: string): string | undefined {
  return page.match(/<details[\s\S]*?<\/details>/g)?.find((section) => section.includes(`<h3>${check}</h3>`));
}

describe.each([
  ['of a history', formatQualityPage(history)],
  ['of a run', formatQualityPage(history, newest)],
])('a page %s', (_, page) => {
  test('shows what is wrong, since when, its trend and the ids of what was found, open', () => {
    const section = sectionOf(blank, page);
    expect(section).toMatch(/^<details open>/);
    for (const text of ['25, wanted 0', '7 (worse)', at(0), 'id 0, id 1', 'id 19 and 5 more']) {
      expect(section).toContain(text);
    }
    expect(section?.match(/<circle/g)).toHaveLength(3);
  });

  test('says why nobody knows, and shows what was wrong and is no more, closed', () => {
    expect(sectionOf(down, page)).toMatch(/^<details open>[\s\S]*unknown[\s\S]*it is down/);
    expect(sectionOf(alone, page)).toMatch(/^<details><summary>/);
    expect(sectionOf(alone, page)).toContain(at(1));
    expect(sectionOf(rows, page)).toBeUndefined();
  });

  test('has a line for every check, the worst first', () => {
    const lines =
      page
        .slice(page.indexOf('All checks'))
        .match(/<tr>.*?<\/tr>/g)
        ?.slice(1) ?? [];
    expect(lines.map((line) => [blank, alone, rows, down].find((check) => line.includes(check)))).toEqual([
      blank,
      down,
      rows,
      alone,
    ]);
    expect(lines[0]).toContain('4 7 25');
    expect(lines[1]).toContain('0 0 ?');
  });
});

test('a page of a run has what the history does not know, and its checks alone', () => {
  const some = { ...newest, results: newest.results.filter(({ check }) => check !== blank) };
  const page = formatQualityPage({ ...history, checks: [] }, some);
  expect(sectionOf(down, page)).toContain(`What ${down} is about.`);
  expect(sectionOf(down, page)).toContain('it has no limit');
  expect(page).not.toContain(blank);
});

type Place = readonly (string | number)[];

function textsOf(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value === 'string') return [at];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, [...at, key]));
}

function changedAt<Value>(value: Value, place: Place, put: string): Value {
  const copy = structuredClone(value);
  let inner = copy as Record<string, unknown>;
  for (const key of place.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  inner[place.at(-1) as string] = put;
  return copy;
}

test('whatever a store, a contract or a file of a history holds, it becomes no HTML', () => {
  const both = { history, report: newest };
  let shown = 0;
  for (const place of textsOf(both)) {
    const changed = changedAt(both, place, payload);
    for (const page of [formatQualityPage(changed.history), formatQualityPage(changed.history, changed.report)]) {
      expect([place, page]).not.toEqual([place, expect.stringMatching(/<img|<script|onerror="/)]);
      if (page.includes('&lt;img')) shown += 1;
    }
  }
  expect(shown).toBeGreaterThan(50);
});
