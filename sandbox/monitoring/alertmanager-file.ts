import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { scaledDuration } from './scaled-duration.ts';

const file = join(import.meta.dirname, 'alertmanager', 'alertmanager.yml');

/** What of Alertmanager's configuration is looked at here. */
export interface AlertmanagerConfiguration {
  readonly route: { readonly receiver: string } & Readonly<Record<'group_wait' | 'group_interval', string>>;
}

export function readAlertmanagerFile(): AlertmanagerConfiguration {
  return parse(readFileSync(file, 'utf8')) as AlertmanagerConfiguration;
}

/** Alertmanager's configuration with time running faster by this factor, and alerts sent to a webhook if one is given. */
export function scaledAlertmanager(timeScale: number, webhook?: string): string {
  if (timeScale === 1 && webhook === undefined) return readFileSync(file, 'utf8');
  const configuration = readAlertmanagerFile();
  const { route } = configuration;
  const scaled = (text: string) => scaledDuration(text, timeScale);
  return stringify({
    ...configuration,
    route: { ...route, group_wait: scaled(route.group_wait), group_interval: scaled(route.group_interval) },
    ...(webhook === undefined
      ? {}
      : { receivers: [{ name: route.receiver, webhook_configs: [{ url: webhook, send_resolved: true }] }] }),
  });
}
