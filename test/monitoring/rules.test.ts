import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { alertCases, silentCases } from './support/alert-cases.ts';
import { type Files, ownFiles, withPromtool } from './support/promtool.ts';
import { parseRules, type Rule } from './support/rule-file.ts';
import { type AlertCase, silence, situationsOf, stepSeconds, type UnitTest } from './support/situations.ts';

const folder = join(import.meta.dirname, '..', '..', 'sandbox', 'monitoring');

/** The engine's, where several rules have one name. */
function ruleOf(rules: readonly Rule[], { alert, cause }: Pick<AlertCase, 'alert' | 'cause'>): Rule {
  const named = rules.filter((rule) => rule.alert === alert);
  const rule = named.length === 1 ? named[0] : named.find(({ expr }) => expr.includes(`"${cause}"`));
  if (rule === undefined) throw new Error(`there is no rule ${alert} for ${cause}`);
  return rule;
}

let files: Files;
let rules: readonly Rule[];
let specified: { readonly configuration: string; readonly alerts: string };

beforeAll(async () => {
  // Has its image built where there is none yet, for which a test has not the time.
  await withPromtool('true', {});
  files = await ownFiles();
  rules = Object.entries(files).flatMap(([path, text]) => (path.includes('/rules/') ? parseRules(text) : []));
  const { data } = parse(await readFile(join(folder, 'as-specified', 'database-monitoring.yaml'), 'utf8'));
  specified = { configuration: data['prometheus.yml'], alerts: data['alerts.yml'] };
});

const testFile = (ruleFiles: readonly string[], tests: readonly UnitTest[]) =>
  stringify({ rule_files: ruleFiles, evaluation_interval: `${stepSeconds}s`, tests }, { aliasDuplicateObjects: false });

test('promtool finds no fault in the configuration and the rules', async () => {
  const script = [
    "sed -i 's#/etc/prometheus/#/tmp/files/etc/prometheus/#' etc/prometheus/prometheus.yml",
    'promtool check config --lint=all etc/prometheus/prometheus.yml',
    'promtool check rules --lint=all --lint-fatal etc/prometheus/rules/*.yml',
  ].join('; ');
  // It asks for the file as well, which the monitoring of a stack has.
  const { exitCode, output, errorOutput } = await withPromtool(script, {
    ...files,
    'etc/prometheus/tokens/qdrant': '',
  });
  expect(exitCode, output + errorOutput).toBe(0);
  expect(output).toContain('3 rule files found');
});

/** The rules of one name alone: promtool evaluates every rule of a file in each test. */
const alone = (alert: string) =>
  stringify({ groups: [{ name: alert, rules: rules.filter((rule) => rule.alert === alert) }] });

test('every alert is silent below, pending, flapping and for others, fires, and clears', async () => {
  const names = [...new Set(rules.map(({ alert }) => alert))];
  const tested = [...new Set(alertCases.map(({ alert }) => alert))];
  expect(names.filter((name) => !tested.includes(name))).toEqual(['DeadMansSwitch']);
  const testsOf = (alert: string) => [
    ...alertCases.filter((each) => each.alert === alert).flatMap((each) => situationsOf(each, ruleOf(rules, each))),
    ...silentCases.filter((each) => each.alert === alert).map(silence),
    ...(alert === 'DeadMansSwitch' ? [deadMansSwitch()] : []),
  ];
  const own = names.flatMap((alert) => [
    [`rules/${alert}.yml`, alone(alert)],
    [`tests/${alert}.yml`, testFile([`../rules/${alert}.yml`], testsOf(alert))],
  ]);
  const { exitCode, output } = await withPromtool('promtool test rules tests/*.yml 2>&1', Object.fromEntries(own));
  expect(exitCode, output).toBe(0);
  expect(output.match(/SUCCESS/g)).toHaveLength(names.length);
});

/** It fires without a series, from the first evaluation on. */
function deadMansSwitch(): UnitTest {
  const { labels = {}, annotations } = ruleOf(rules, { alert: 'DeadMansSwitch' });
  const firing = [{ exp_labels: labels, exp_annotations: annotations }];
  return {
    name: 'DeadMansSwitch',
    interval: `${stepSeconds}s`,
    input_series: [{ series: 'up', values: '0 0' }],
    alert_rule_test: ['0s', '3600s'].map((time) => ({
      eval_time: time,
      alertname: 'DeadMansSwitch',
      exp_alerts: firing,
    })),
  };
}

/** Runs these test files, and returns the names of those that fail. */
async function failing(given: Files, testFiles: Files): Promise<readonly string[]> {
  const named = Object.entries(testFiles).map(([name, text], index) => [`tests/${index}.yml`, name, text] as const);
  const { output, errorOutput } = await withPromtool('promtool test rules tests/*.yml 2>&1', {
    ...given,
    ...Object.fromEntries(named.map(([path, , text]) => [path, text])),
  });
  const verdicts = new Map(
    [...`${output}${errorOutput}`.matchAll(/Unit Testing: +(\S+)\n +(SUCCESS|FAILED)/g)].map(([, path, verdict]) => [
      path,
      verdict,
    ]),
  );
  expect(verdicts.size, output + errorOutput).toBe(named.length);
  return named.filter(([path]) => verdicts.get(path) === 'FAILED').map(([, name]) => name);
}

test('the specified expressions miss three faults, and one fires for what is none', async () => {
  const own = parseRules(specified.alerts);
  const cases = alertCases.filter(({ alert }) => own.some((rule) => rule.alert === alert));
  const tests = [
    ...cases.flatMap((each) => situationsOf(each, ruleOf(own, each))).filter(({ name }) => name.endsWith(': firing')),
    ...silentCases.filter(({ alert }) => own.some((rule) => rule.alert === alert)).map(silence),
  ];
  const testFiles = tests.map((each) => [each.name, testFile(['../alerts.yml'], [each])] as const);
  const failed = await failing({ 'alerts.yml': specified.alerts }, Object.fromEntries(testFiles));
  expect(failed).toEqual([
    'PostgreSQLDown: hangs: firing',
    'PostgreSQLHighConnections: firing',
    'PostgreSQLHighConnections: without reserved_connections: firing',
    'MongoDBReplicationLag: firing',
    'RedisMemoryUsageHigh: without a limit: silent',
    'RedisMemoryUsageHigh: a full cache that evicts: silent',
  ]);
  // What it sees, it sees: the tests are not what is wrong.
  expect(tests.map(({ name }) => name).filter((name) => !failed.includes(name))).toEqual([
    'PostgreSQLDown: refuses: firing',
    'RedisMemoryUsageHigh: firing',
  ]);
});

test('a rule that never fires, always, too late or at once fails its tests', async () => {
  const mutants = alertCases.flatMap((each) => {
    const rule = ruleOf(rules, each);
    const changes = [
      { how: 'never', found: 'firing', mutant: { ...rule, expr: 'vector(0) > 1' } },
      { how: 'always', found: 'below', mutant: { ...rule, expr: `(${rule.expr}) or vector(1)` } },
      { how: 'too late', found: 'firing', mutant: { ...rule, for: '3h' } },
      { how: 'at once', found: 'pending', mutant: { ...rule, for: '0s' } },
    ];
    return changes.map(({ how, found, mutant }) => ({
      name: `${each.alert} ${each.cause}: ${how}`,
      mutant,
      tests: situationsOf(each, rule).filter(({ name }) => name.endsWith(`: ${found}`)),
    }));
  });
  const ruleFiles = mutants.map(({ mutant }, index) => [
    `mutants/${index}.yml`,
    stringify({ groups: [{ name: 'mutant', rules: [mutant] }] }),
  ]);
  const testFiles = mutants.map(({ name, tests }, index) => [name, testFile([`../mutants/${index}.yml`], tests)]);
  const failed = await failing(Object.fromEntries(ruleFiles), Object.fromEntries(testFiles));
  expect(mutants.map(({ name }) => name).filter((name) => !failed.includes(name))).toEqual([]);
});
