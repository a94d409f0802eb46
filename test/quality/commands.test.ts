import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QualityHistory } from '../../sandbox/quality/history/history.ts';
import type { QualityReport } from '../../sandbox/quality/run/report.ts';
import { publishedMetrics } from '../../sandbox/stack/state/published-metrics.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runCommand, runForDocument, type StackFolder, stackFolder } from '../support/command.ts';
import { fewRowsText } from '../support/few-rows.ts';

let folder: StackFolder;
const here = () => ({ cwd: folder.path });

beforeAll(async () => {
  folder = await stackFolder();
  const { exitCode, stderr } = await runCommand(['up', '--engines', 'redis', '--size', fewRowsText], here());
  expect(exitCode, stderr).toBe(0);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

/** Values of what is published, by the metric's own part of its name and the check. */
async function published(): Promise<ReadonlyMap<string, number>> {
  const found = await publishedMetrics(stackIdentity({ directory: folder.path }));
  const content = found.find(({ name }) => name === 'quality')?.content ?? '';
  const samples = content.matchAll(/^taishang_quality_(\w+)\{check="([^"]*)".*\} (\S+)$/gm);
  return new Map([...samples].map(([, name, check, value]) => [`${name} ${check}`, Number(value)]));
}

test('what runs find is in the history and before the monitoring; a store that is down is unknown and no pass', async () => {
  const whole = await runForDocument<QualityReport>(['quality', 'run'], here());
  expect(whole.summary).toMatchObject({ errors: 0, unknown: 0 });
  const { check = '' } = whole.results.find(({ cost }) => cost === 'constant') ?? {};
  expect((await published()).get(`violations ${check}`)).toBe(0);

  await runForDocument(['fault', 'kill', 'redis:primary'], here());
  const down = await folder.run('quality', 'run', '--cost', 'constant');
  expect(down).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(new RegExp(`^unknown +${check} `, 'm')) });
  await runForDocument(['fault', 'heal'], here());

  const history = await runForDocument<QualityHistory>(['quality', 'history'], here());
  expect(history.runs[0]).toBe(whole.startedAt);
  const trend = history.checks.find((each) => each.check === check);
  expect(trend).toMatchObject({ verdict: 'unknown', change: 'undecided', since: history.runs[1] });
  expect(trend?.points.map(({ verdict }) => verdict)).toEqual(['pass', 'unknown']);
  const metrics = await published();
  expect(metrics.get(`unknown ${check}`)).toBe(1);
  expect(metrics.get(`violations ${check}`)).toBe(0);
  expect(metrics.get(`last_success_timestamp_seconds ${check}`)).toBe(Date.parse(whole.startedAt) / 1_000);
  // The other run was of some checks: what it did not ask is as it was.
  expect([...metrics.keys()].filter((name) => name.startsWith('violations'))).toHaveLength(whole.results.length);
});
