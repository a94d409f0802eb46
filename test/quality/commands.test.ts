import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QualityHistory } from '../../sandbox/quality/history/history.ts';
import type { QualityReport } from '../../sandbox/quality/run/report.ts';
import { publishedMetrics } from '../../sandbox/stack/state/published-metrics.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { fewRowsText } from '../support/few-rows.ts';
import { startReceiver } from '../unattended/support/webhook-receiver.ts';

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

// One story: the history has each run.
test('runs and a watch write down what they find, and know nothing of what is down', async () => {
  await expectHistory();
  await expectWatch();
  await expectWatchWhileDown();
});

/** What runs find is in the history and before the monitoring; a store that is down is unknown and no pass. */
async function expectHistory(): Promise<void> {
  const whole = await runForDocument<QualityReport>(['quality', 'run'], here());
  expect(whole.summary).toMatchObject({ errors: 0, unknown: 0 });
  const { check = '' } = whole.results.find(({ cost }) => cost === 'constant') ?? {};
  expect((await published()).get(`violations ${check}`)).toBe(0);

  await runForDocument(['fault', 'kill', 'redis:primary'], here());
  const down = await folder.run('quality', 'run', '--cost', 'constant', '--html', 'run.html');
  expect(down).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(new RegExp(`^unknown +${check} `, 'm')) });
  await runForDocument(['fault', 'heal'], here());
  expect((await folder.run('wait')).exitCode).toBe(0);

  const history = await runForDocument<QualityHistory>(['quality', 'history', '--html', 'history.html'], here());
  for (const name of ['run.html', 'history.html']) {
    const file = join(folder.path, name);
    expect(await readFile(file, 'utf8')).toContain(`<h3>${check}</h3>`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
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
}

/** A watch, and its reports one by one. Its second run is years away: by the hour, it might come while it is looked at. */
function startWatch(webhook: string) {
  const words = ['--cost', 'constant', '--format', 'json', '--webhook', webhook, '--schedule', '0 0 29 2 *'];
  const running = startCommand(['quality', 'watch', ...words], {
    ...here(),
    env: { SANDBOX_WEBHOOK_SECRET: 'a secret of more than sixteen bytes' },
  });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  return {
    running,
    report: async () => JSON.parse((await lines.next()).value ?? '') as QualityReport,
  };
}

/** A watch runs at once, alone, and tells the webhook; a signal is its orderly end. */
async function expectWatch(): Promise<void> {
  await using receiver = await startReceiver(200);
  const { running, report } = startWatch(receiver.url);
  const first = await report();
  expect(first.summary).toMatchObject({ errors: 0, unknown: 0 });
  expect(await runForError(['quality', 'watch'], here())).toMatchObject({ exitCode: 1, code: 'QUALITY_BUSY' });
  // Runs by hand go on beside it.
  const byHand = await runForDocument<QualityReport>(['quality', 'run', '--cost', 'constant'], here());
  running.kill('SIGTERM');
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(receiver.calls.map(({ body }) => JSON.parse(body))).toMatchObject([
    { status: 'success', summary: first.summary, checks: [], errorCode: null },
  ]);
  const { runs } = await runForDocument<QualityHistory>(['quality', 'history'], here());
  expect(runs.slice(-2)).toEqual([first.startedAt, byHand.startedAt]);
}

/** A watch over a stack that is down knows nothing of any check, and goes on. */
async function expectWatchWhileDown(): Promise<void> {
  const before = await published();
  expect((await folder.run('down')).exitCode).toBe(0);
  await using receiver = await startReceiver(200);
  const { running, report } = startWatch(receiver.url);
  const { summary, results } = await report();
  expect(summary).toMatchObject({ pass: 0, errors: 0, warnings: 0, unknown: results.length });
  expect(results.length).toBeGreaterThan(0);
  running.kill('SIGINT');
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(receiver.calls.map(({ body }) => JSON.parse(body))).toMatchObject([{ status: 'failure' }]);
  const now = await published();
  for (const { check } of results) {
    expect(now.get(`unknown ${check}`), check).toBe(1);
    const decided = `last_success_timestamp_seconds ${check}`;
    expect(now.get(decided), check).toBe(before.get(decided));
  }
  expect(now.size).toBe(before.size);
}

test.each([
  ['no schedule', ['watch', '--schedule', '25:00']],
  ['a webhook of another protocol', ['watch', '--webhook', 'ftp://host']],
  ['no check', ['watch', 'redis.nothing']],
  ['no number of runs', ['history', '--runs', '0']],
  ['a page where a folder is', ['run', '--html', '.']],
  ['a webhook of one run', ['run', '--webhook', 'http://host']],
])('%s is refused before anything starts', async (_, words) => {
  expect(await runForError(['quality', ...words], here())).toMatchObject({ code: 'BAD_OPTION', exitCode: 2 });
});
