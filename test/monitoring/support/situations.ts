import { type Rule, secondsOf } from './rule-file.ts';

/** What is scraped at one moment: healthy, at the edge and still healthy, faulty, or nothing at all. */
type Moment = 'healthy' | 'edge' | 'faulty' | 'stale' | 'gone';

/** One series that an alert reads. `INSTANCE` stands for the node that it is of. */
export interface FaultySeries {
  /** As promtool writes it: `pg_up{job="postgres-exporter",instance="INSTANCE"}`. */
  readonly series: string;
  readonly healthy: number | 'stale';
  /** Default: as where it is healthy. */
  readonly edge?: number | 'stale';
  /** Default: as where it is healthy. */
  readonly faulty?: number | 'stale';
  /** Whether these are what is added at each scrape, and not the values. Default: false. */
  readonly isCounter?: boolean;
  /** Whether it is there while the others are gone. Default: false. */
  readonly stays?: boolean;
}

/** An alert, what it reads, and with which labels it fires. */
export interface AlertCase {
  readonly alert: string;
  /** For people, where an alert has several. Default: none. */
  readonly cause?: string;
  readonly series: readonly FaultySeries[];
  /** Labels of the alert beside those of its rule. `INSTANCE` as above. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it fires on while the series are gone. Default: false. */
  readonly firesWithoutSeries?: boolean;
  /** How long a fault must have been there until the expression holds, in seconds. Default: 0. */
  readonly leadSeconds?: number;
  /** How long the expression still holds when it is over, in seconds. Default: 0. */
  readonly tailSeconds?: number;
  /** How long all is well before, in seconds. Default: 300. */
  readonly healthySeconds?: number;
  /** Whether there is one of it, whatever instances there are. Default: false. */
  readonly isAboutAll?: boolean;
  /** Whether a scrape that is missed, now or then, does not make it begin anew. Default: false. */
  readonly bearsMissedScrapes?: boolean;
  /** Names of the instances. Default: `node-1` and so on. */
  readonly instances?: readonly [string, string, string];
}

/** A test of promtool: series from time 0, one value a scrape, and what fires when. */
export interface UnitTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test: readonly {
    readonly eval_time: string;
    readonly alertname: string;
    readonly exp_alerts: readonly { readonly exp_labels: object; readonly exp_annotations: object }[];
  }[];
}

/** Seconds between two scrapes, and between two evaluations. */
export const stepSeconds = 30;

/** What is seen of an instance, by scrape: each moment and how many scrapes it lasts. */
type Course = readonly (readonly [Moment, number])[];

/** Every situation of one alert, as tests of promtool. */
export function situationsOf(given: AlertCase, rule: Rule): readonly UnitTest[] {
  const [one, two, three] = given.instances ?? ['node-1', 'node-2', 'node-3'];
  const before = (given.healthySeconds ?? 300) / stepSeconds;
  const lead = (given.leadSeconds ?? 0) / stepSeconds;
  const tail = (given.tailSeconds ?? 0) / stepSeconds;
  const pending = secondsOf(rule.for) / stepSeconds;
  const fires = before + lead + pending;
  const long = pending + lead + 10;
  const test = (
    name: string,
    courses: Readonly<Record<string, Course>>,
    firing: Readonly<Record<number, readonly string[]>>,
  ) => unitTest(given, rule, name, courses, firing);
  return [
    test(
      'below',
      {
        [one]: [
          ['healthy', before],
          ['edge', long],
        ],
      },
      { [before + 1]: [], [before + long - 1]: [] },
    ),
    ...(pending === 0
      ? []
      : [
          test(
            'pending',
            {
              [one]: [
                ['healthy', before],
                ['faulty', long],
              ],
            },
            { [fires - 1]: [] },
          ),
        ]),
    test(
      'firing',
      {
        [one]: [
          ['healthy', before],
          ['faulty', long],
        ],
      },
      { [fires]: [one], [fires + 5]: [one] },
    ),
    test(
      'clearing',
      {
        [one]: [
          ['healthy', before],
          ['faulty', long],
          ['healthy', tail + 10],
        ],
      },
      { [before + long - 1]: [one], [before + long + tail + 1]: [], [before + long + tail + 8]: [] },
    ),
    ...(pending < 4 || tail > 0 ? [] : [flapping(given, rule, before, pending)]),
    test(
      'stale',
      {
        [one]: [
          ['healthy', before],
          ['faulty', long],
          ['stale', 1],
          ['gone', tail + 10],
        ],
      },
      { [before + long - 1]: [one], [before + long + tail + 8]: given.firesWithoutSeries ? [one] : [] },
    ),
    ...(given.bearsMissedScrapes
      ? [
          test(
            'missed scrapes',
            {
              [one]: [
                ['healthy', before - 90],
                ['stale', 1],
                ['healthy', 89],
                ['faulty', lead + pending / 2],
                ['stale', 1],
                ['faulty', long],
              ],
            },
            { [fires]: [one], [fires + 5]: [one] },
          ),
        ]
      : []),
    ...(given.isAboutAll
      ? []
      : [
          test(
            'several',
            {
              [one]: [['healthy', before + long + 8]],
              [two]: [
                ['healthy', before],
                ['faulty', long + 8],
              ],
              [three]: [
                ['healthy', before + 4],
                ['faulty', long + 4],
              ],
            },
            { [fires]: [two], [fires + 4]: [two, three] },
          ),
        ]),
  ];
}

/** The fault is gone for one scrape before each time that it would fire. */
function flapping(given: AlertCase, rule: Rule, before: number, pending: number): UnitTest {
  const [one] = given.instances ?? ['node-1'];
  const once: Course = [
    ['faulty', pending - 1],
    ['healthy', 1],
  ];
  const course: Course = [['healthy', before], ...Array.from({ length: 4 }, () => once).flat()];
  const times = [1, 2, 3, 4].map((turn) => [before + turn * pending - 1, []] as const);
  return unitTest(given, rule, 'flapping', { [one]: course }, Object.fromEntries(times));
}

/** `firing`: instances that fire, by the number of the scrape. */
function unitTest(
  given: AlertCase,
  rule: Rule,
  name: string,
  courses: Readonly<Record<string, Course>>,
  firing: Readonly<Record<number, readonly string[]>>,
): UnitTest {
  return {
    name: [given.alert, given.cause, name].filter((part) => part !== undefined).join(': '),
    interval: `${stepSeconds}s`,
    input_series: seriesOf(given, courses),
    alert_rule_test: Object.entries(firing).map(([step, instances]) => ({
      eval_time: `${Number(step) * stepSeconds}s`,
      alertname: given.alert,
      exp_alerts: instances.map((instance) => expectedAlert(given, rule, instance)),
    })),
  };
}

/** What is of no instance is there once. */
function seriesOf(given: AlertCase, courses: Readonly<Record<string, Course>>): UnitTest['input_series'] {
  const values = Object.entries(courses).flatMap(([instance, course]) =>
    given.series.map((each) => [each.series.replaceAll('INSTANCE', instance), valuesOf(each, course)] as const),
  );
  return [...new Map(values)].map(([series, text]) => ({ series, values: text }));
}

function valuesOf({ isCounter, healthy, faulty, edge, stays }: FaultySeries, course: Course): string {
  const byMoment = {
    healthy,
    faulty: faulty ?? healthy,
    edge: edge ?? healthy,
    stale: stays ? healthy : 'stale',
    gone: stays ? healthy : '_',
  } as const;
  let sum = 0;
  const values = course.flatMap(([moment, count]) =>
    Array.from({ length: count }, () => {
      const value = byMoment[moment];
      if (!isCounter || typeof value !== 'number') return value;
      sum += value;
      return sum;
    }),
  );
  return values.join(' ');
}

function expectedAlert(given: AlertCase, rule: Rule, instance: string) {
  const own = Object.fromEntries(
    Object.entries(given.labels).map(([name, value]) => [name, value.replaceAll('INSTANCE', instance)]),
  );
  const labels: Record<string, string> = { ...own, ...rule.labels };
  const annotations = Object.entries(rule.annotations).map(([name, text]) => [
    name,
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? ''),
  ]);
  return { exp_labels: labels, exp_annotations: Object.fromEntries(annotations) };
}

/** What must never fire. */
export interface SilentCase extends Pick<AlertCase, 'alert' | 'cause' | 'series'> {
  /** What is seen. Default: an hour of the same. */
  readonly course?: Course;
}

/** Nothing may fire, at any tenth scrape and at the last. */
export function silence(given: SilentCase): UnitTest {
  const course = given.course ?? [['healthy', 3_600 / stepSeconds]];
  const scrapes = course.reduce((sum, [, count]) => sum + count, 0);
  const looks = Array.from({ length: Math.floor((scrapes - 1) / 10) }, (_, index) => 10 * (index + 1));
  return {
    name: `${given.alert}: ${given.cause}: silent`,
    interval: `${stepSeconds}s`,
    input_series: seriesOf({ ...given, labels: {} }, { 'node-1': course }),
    alert_rule_test: [...looks, scrapes - 1].map((step) => ({
      eval_time: `${step * stepSeconds}s`,
      alertname: given.alert,
      exp_alerts: [],
    })),
  };
}
