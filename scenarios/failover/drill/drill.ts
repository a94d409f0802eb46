import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { RejoinReport } from '../../../sandbox/engines/contract/failover.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import { countOf, type Findings } from '../../checkers/findings.ts';
import { createHistory, type History } from '../../history.ts';
import type { WorkloadKind } from '../../workloads/workload-kind.ts';
import type { FaultSchedule } from '../schedules/schedule.ts';
import type { FailoverSubject } from '../subject.ts';
import { startClients } from './clients.ts';
import { startObserver } from './observer.ts';
import { refresh } from './steps.ts';

/** How long members may go on differing, once all of them follow, before what is missing counts as lost. */
const agreementMs = 1_500;

export interface DrillOptions<Client> {
  readonly subject: FailoverSubject;
  readonly schedule: FaultSchedule;
  readonly kind: WorkloadKind<Client>;
  readonly prepare: () => Promise<void>;
  readonly open: () => Promise<Client & AsyncDisposable>;
  /** A client of one member. Absent where a member cannot be read by itself. */
  readonly openMember?: (node: string) => Promise<Client & AsyncDisposable>;
  readonly history: History;
  readonly seed: number;
  /** Default: false. */
  readonly needsOldPrimary?: boolean;
  readonly signal: AbortSignal;
}

export interface DrillOutcome {
  readonly findings: Findings;
  /** Nodes that were read directly at the end. Empty where none can be. */
  readonly members: readonly string[];
  readonly rejoined: readonly RejoinReport[];
}

/**
 * Runs clients while a schedule breaks what they work on, and reads every member at the end. The history holds
 * everything that happened, whether the drill comes to an end or throws.
 */
export async function runFailoverDrill<Client>(options: DrillOptions<Client>): Promise<DrillOutcome> {
  const { subject, schedule, history, seed, signal, needsOldPrimary = false } = options;
  const rejoined: RejoinReport[] = [];
  await options.prepare();
  {
    await using observer = startObserver(subject, history, signal);
    await using clients = startClients(options);
    const random = rowRandom(seed, `schedule ${schedule.name}`)(0);
    await schedule.run({ subject, history, clients, observer, random, signal, rejoined, needsOldPrimary });
    await clients.stop();
  }
  await refresh(options);
  const members = options.openMember === undefined ? [] : await membersOf(subject);
  if (options.kind.showsOrder) await untilAlike(options, members);
  const findings = await readUntilAgreed(options, members);
  return { findings, members, rejoined };
}

/** The node that takes the workload's writes and those that follow it; the others hold none of it. */
async function membersOf({ nodes, rolesOfAll, isPrimary }: FailoverSubject): Promise<readonly string[]> {
  if (rolesOfAll === undefined) return nodes;
  const roles = await rolesOfAll();
  const primary = roles.find(isPrimary)?.node;
  const others = new Set(roles.flatMap(({ node, follows }) => (follows === primary ? [] : [node])));
  return nodes.filter((node) => node === primary || !others.has(node));
}

async function readUntilAgreed<Client>(options: DrillOptions<Client>, members: readonly string[]): Promise<Findings> {
  const beganMs = performance.now();
  let process = -1;
  return poll(
    async () => {
      if (members.length === 0) await readFrom(options, process--, undefined);
      // One after the other: a client's read and the next member's may not overlap in time where order is judged.
      for (const node of members) await readFrom(options, process--, node);
      const findings = options.kind.check(options.history.events);
      const missing = countOf(findings, 'lost') + countOf(findings, 'diverged') + countOf(findings, 'never-read');
      return missing === 0 || performance.now() - beganMs > agreementMs ? findings : undefined;
    },
    {
      timeoutMs: agreementMs + deadlineMs('statement'),
      intervalMs: 50,
      signal: options.signal,
      onTimeout: (last) => (last instanceof Error ? last : new Error('The members could not be read.')),
    },
  );
}

/**
 * Waits until all members show the same, and records none of it: a member that follows may be late without breaking a
 * promise, and a late read would break the order that is judged.
 */
async function untilAlike<Client>(options: DrillOptions<Client>, members: readonly string[]): Promise<void> {
  const beganMs = performance.now();
  await poll(
    async () => {
      const shown = await Promise.all(members.map((node) => shownBy(options, node)));
      return new Set(shown).size <= 1 || performance.now() - beganMs > agreementMs;
    },
    {
      timeoutMs: agreementMs + deadlineMs('statement'),
      signal: options.signal,
      onTimeout: (last) => (last instanceof Error ? last : new Error('The members could not be read.')),
    },
  );
}

async function shownBy<Client>(options: DrillOptions<Client>, node: string): Promise<string> {
  const history = createHistory();
  await readFrom({ ...options, history }, 0, node);
  return JSON.stringify(history.events.map((event) => ('value' in event ? event.value : undefined)));
}

async function readFrom<Client>(
  { open, openMember, kind, history }: DrillOptions<Client>,
  process: number,
  node: string | undefined,
): Promise<void> {
  await using client = node === undefined || openMember === undefined ? await open() : await openMember(node);
  const nextValue = () => 0;
  const actor = { history, process, nextValue, random: rowRandom(0, 'reads')(0), seen: new Map<number, number>() };
  await kind.readAll(client, node === undefined ? actor : { ...actor, node });
}
