import type { Leak, SessionLeak } from '../../../sandbox/engines/contract/isolation.ts';
import { isolationModes } from '../../../sandbox/engines/contract/isolation-modes.ts';
import { whyWithout } from '../../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../../sandbox/engines/load-engines.ts';

/**
 * What a store of each engine is in each of its modes, and every way out of it, as the engines declare them: a part of
 * `docs/testing.md`.
 */
export async function isolationTables(): Promise<string> {
  const engines = (await loadEngines(engineNames)).flatMap(({ title, isolation }) => {
    if (isolation === undefined) return [];
    const { rolledBack } = isolation;
    const places = isolationModes(isolation).map((each) => ({ title, limits: [], ...each }));
    return rolledBack === undefined ? places : [...places, { title, ...rolledBack }];
  });
  const ways = (leaks: readonly (Leak | SessionLeak)[], verdict: Leak['verdict']) =>
    leaks.flatMap((leak) => (leak.verdict === verdict ? [leak] : []));
  const rows = engines.map(({ title, mode, place, leaks }) => {
    const isolated = ways(leaks, 'isolated').map(({ name }) => name);
    const detected = ways(leaks, 'detected').map(({ name }) => name);
    return `| ${title} | \`${mode}\` | ${cell(place)} | ${cell(isolated.join(', '))} | ${cell(detected.join(', '))} |`;
  });
  const open = engines.flatMap(({ title, mode, leaks }) =>
    ways(leaks, 'not isolated').map(
      ({ name, note = '' }) => `| ${title} | \`${mode}\` | ${cell(name)} | ${cell(note)} |`,
    ),
  );
  const limits = engines.flatMap(({ title, mode, limits: all }) =>
    all.map((limit) => `| ${title} | \`${mode}\` | ${cell(limit)} |`),
  );
  return [
    '| engine | mode | a store is | isolated | reset or verification says so |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '| engine | mode | not isolated | why, and what to do |',
    '|---|---|---|---|',
    ...open,
    '',
    '| engine | mode | otherwise than in a store of its own |',
    '|---|---|---|',
    ...limits,
  ].join('\n');
}

/** What is seen of the queries of a test, by engine, or why nothing is. */
export async function insightTable(): Promise<string> {
  const rows = (await loadEngines(engineNames)).flatMap((engine) => {
    if (engine.isolation === undefined) return [];
    const { insight, title } = engine;
    if (insight === undefined) return [`| ${title} | nothing: ${cell(whyWithout(engine, 'insight'))} | |`];
    return [`| ${title} | ${cell(insight.seen)} | ${cell(insight.limits.join('; '))} |`];
  });
  return ['| engine | what is seen | and what is not |', '|---|---|---|', ...rows].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
