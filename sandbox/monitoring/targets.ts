import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { docker } from '../containers/runtime/docker.ts';
import { prometheus, targetsFolder } from './programs.ts';

/** Targets of one job, as Prometheus reads them from a file (its documentation, "file_sd_config"). */
export interface JobTargets {
  readonly job: string;
  readonly targets: readonly {
    readonly targets: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** Writes what is to be scraped into Prometheus's container, which reads it without a restart. */
export async function writeTargets(stackName: string, jobs: readonly JobTargets[]): Promise<void> {
  const archive = pack();
  for (const { job, targets } of jobs) archive.entry({ name: `${job}.json`, mode: 0o644 }, JSON.stringify(targets));
  archive.finalize();
  const container = (await docker()).getContainer(`${stackName}-${prometheus.engine}`);
  await container.putArchive(Readable.from(archive), { path: targetsFolder });
}
