import { type QueryReport, shortened } from './findings.ts';

/**
 * What a test's queries were like, a line each, for people: nothing where nothing is to be said.
 *
 *     const { queries } = await lease.release();
 *     if (queries !== undefined) console.error(describeQueries('signs up', queries).join('\n'));
 */
export function describeQueries(label: string, { findings, notRun }: QueryReport): readonly string[] {
  const lines = [
    ...findings.map(({ engine, kind, detail, statement }) => `  ${engine}: ${kind}, ${detail}: ${statement}`),
    ...notRun.map(({ engine, reason }) => `  ${engine}: not-run: ${reason}`),
  ];
  return lines.length === 0 ? [] : [`Queries of "${shortened(label)}":`, ...lines];
}
