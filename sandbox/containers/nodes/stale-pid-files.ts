import { readFile, rm } from 'node:fs/promises';

/**
 * Where the daemon, and the containerd that it starts, leave their process ids (`--pidfile` of dockerd; Moby's
 * `libcontainerd/supervisor`). Both look only at whether some process has that id.
 */
const pidFiles = [
  { path: '/var/run/docker.pid', program: 'dockerd' },
  { path: '/var/run/docker/containerd/containerd.pid', program: 'containerd' },
] as const;

/**
 * Removes pid files of daemons that are gone and whose process id another program has now: "pid file found, ensure
 * docker is not running" is what the daemon would say, and not start. A file whose process is such a daemon stays.
 */
export async function removeStalePidFiles(): Promise<void> {
  await Promise.all(
    pidFiles.map(async ({ path, program }) => {
      const id = await readFile(path, 'utf8').catch(() => undefined);
      if (id !== undefined && !(await isRunning(id.trim(), program))) await rm(path, { force: true });
    }),
  );
}

async function isRunning(processId: string, program: string): Promise<boolean> {
  const name = await readFile(`/proc/${processId}/comm`, 'utf8').catch(() => undefined);
  return name?.trim() === program;
}
