import { deadlineMs } from '../../core/deadlines.ts';
import { fatal, poll } from '../../core/poll.ts';

/** As much of a container of the container runtime as a pause needs. */
interface Pausable {
  readonly pause: () => Promise<unknown>;
}

/**
 * Pauses a container. Where processes begin faster than they are frozen, runc gives up after some milliseconds, thaws it and
 * answers `unable to freeze` (runc, libcontainer/cgroups/fs/freezer.go): on a busy machine the next try mostly does it.
 * Throws what the container runtime answers, and that too where it still does at the deadline.
 */
export async function pauseContainer(container: Pausable): Promise<void> {
  await poll(
    async () => {
      try {
        await container.pause();
        return true;
      } catch (thrown) {
        throw /unable to freeze/.test(String(thrown)) ? thrown : fatal(thrown);
      }
    },
    { timeoutMs: deadlineMs('pause'), onTimeout: (last) => last as Error },
  );
}
