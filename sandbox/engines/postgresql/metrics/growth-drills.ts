import type { AlertDrill, AlertPlace, Heal } from '../../contract/alert-drills.ts';
import { firstNode } from '../../contract/topology.ts';
import { goOn } from '../../shared/metrics/alert-causes.ts';
import { openClient } from '../server/connection.ts';

/** What the databases grow by at once, in percent of what they hold: the alert is about more than 25 in an hour. */
const jumpPercent = 30;

/** And every minute after that: the alert asks for more than 1 in a quarter of an hour. */
const minutePercent = 0.5;

const minuteMs = 60_000;

/** A row of a thousand letters: with their headers seven fill a page of 8 KiB. */
const rowBytes = 8_192 / 7;

/** What fills a disk. */
export const growthDrills: readonly AlertDrill[] = [
  {
    alert: 'PostgreSQLDiskGrowth',
    cause: 'a table takes 30 % more, and goes on growing',
    history: '1h',
    make: growOn,
  },
];

async function growOn({ running, timeScale, untilHistory, signal }: AlertPlace): Promise<Heal> {
  const ask = async <Row extends object>(statement: string, parameters: readonly number[] = []) => {
    await using opened = await openClient(firstNode(running), running.secrets, { database: 'postgres' });
    return (await opened.client.query<Row>(statement, [...parameters])).rows;
  };
  const [held] = await ask<{ bytes: number }>('SELECT sum(pg_database_size(oid))::float8 AS bytes FROM pg_database');
  const growBy = async (percent: number) => {
    const rows = Math.ceil(((held?.bytes ?? 0) * percent) / 100 / rowBytes);
    await ask("INSERT INTO alert_drill SELECT repeat('x', 1000) FROM generate_series(1, $1)", [rows]);
  };
  await untilHistory();
  await ask('CREATE TABLE alert_drill (letters text)');
  await growBy(jumpPercent);
  const end = goOn(() => growBy(minutePercent), minuteMs / timeScale, signal);
  return async () => {
    try {
      await end();
    } finally {
      await ask('DROP TABLE alert_drill');
    }
  };
}
