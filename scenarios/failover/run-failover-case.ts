import { join } from 'node:path';
import type { Faults } from '../../sandbox/containers/faults/faults.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { writePrivateFile } from '../../sandbox/core/files/private-files.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { ClientOf, SetClient, Workload, WorkloadName } from '../../sandbox/engines/contract/workloads.ts';
import { checkHistory } from '../check-history.ts';
import { type History, streamHistory } from '../history.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, type Measures, runCase } from '../run-case.ts';
import type { SuiteContext } from '../suite-context.ts';
import { drawTimeline } from '../timeline/draw-timeline.ts';
import { formatTimelinePage } from '../timeline/timeline-page.ts';
import type { WorkloadKind } from '../workloads/workload-kind.ts';
import { workloadKinds } from '../workloads/workload-kinds.ts';
import type { FailoverCase } from './cases.ts';
import { type DrillOutcome, runFailoverDrill } from './drill/drill.ts';
import { measuresOf } from './judge/case-figures.ts';
import { lossWindowOf, requireCaught, requireKept } from './judge/judge.ts';
import { recoveryPointOfAll } from './judge/losses.ts';
import { subjectOf } from './subject.ts';

export interface FailoverCaseContext {
  readonly engine: Engine;
  readonly failover: Failover;
  readonly each: FailoverCase;
  readonly running: RunningEngine;
  readonly faults: Faults;
  readonly context: SuiteContext;
}

/** Drills, judges, and leaves the history and its pictures beside it, whatever comes of it. */
export async function runFailoverCase(
  options: FailoverCaseContext,
  place: CasePlace,
  name: string,
): Promise<CaseResult> {
  const { each, running, context } = options;
  const { contract, schedule, workload, isControl } = each;
  const parts = [place.engine, place.topology, contract.name, schedule.name, workload];
  const file = join(context.reportDirectory, 'failover', parts.map((part) => part.replaceAll(/\W+/g, '-')).join('-'));
  using history = await streamHistory(`${file}.jsonl`);
  // A case that runs out of time must not go on breaking a topology that is being put away.
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  let work: Promise<void> = Promise.resolve();
  try {
    return await runCase(place, name, { ...context, limitMs: deadlineMs('drill') }, (measures) => {
      Object.assign(measures, {
        seed: context.seed,
        image: running.image.digest,
        server: running.serverVersion,
        settings: `${contract.name}: ${contract.promise}`,
        history: `${file}.jsonl`,
        timeline: `${file}.html`,
      });
      work = (async () => {
        try {
          const outcome = await drill(options, history, signal);
          checkHistory(history.events);
          const point = recoveryPointOfAll(history.events);
          Object.assign(measures, measuresOf(history.events, outcome, each, point));
          if (isControl) requireCaught(outcome);
          else requireKept(outcome, { ...contract, lossWindowMs: lossWindowOf(contract, history.events) }, point);
        } finally {
          await draw(history, file, `${place.engine} ${place.topology}: ${name}`, measures);
        }
      })();
      return work;
    });
  } finally {
    over.abort(new Error('the case is over'));
    await work.catch(() => {});
  }
}

async function draw(history: History, file: string, title: string, measures: Measures): Promise<void> {
  await writePrivateFile(`${file}.svg`, drawTimeline(history.events, { title }));
  await writePrivateFile(`${file}.html`, formatTimelinePage(history.events, { title, measures }));
}

function drill(options: FailoverCaseContext, history: History, signal: AbortSignal): Promise<DrillOutcome> {
  const { engine, failover, each } = options;
  const start = <Client>(kind: WorkloadKind<Client>, workload: Workload<Client> | undefined) => {
    if (workload === undefined) throw new Error(`${engine.name} has no workload ${each.workload}`);
    return drillWith(options, kind, workload, history, signal);
  };
  const { workloads } = failover;
  // The set of a contract, or of its control, is its own.
  if (each.workload === 'set') return start(workloadKinds.set, setOf(each, failover) ?? workloads.set);
  const named = <Name extends WorkloadName>(name: Name) =>
    start<ClientOf[Name]>(workloadKinds[name], workloads[name] as Workload<ClientOf[Name]> | undefined);
  return named(each.workload);
}

function setOf({ contract, isControl }: FailoverCase, { weakenedSet }: Failover): Workload<SetClient> | undefined {
  return isControl ? (weakenedSet ?? contract.set) : contract.set;
}

function drillWith<Client>(
  { engine, failover, running, faults, each, context }: FailoverCaseContext,
  kind: WorkloadKind<Client>,
  workload: Workload<Client>,
  history: History,
  signal: AbortSignal,
): Promise<DrillOutcome> {
  const { prepare, open, openMember } = workload;
  return runFailoverDrill({
    subject: subjectOf(engine, failover, running, faults),
    schedule: each.schedule,
    kind,
    prepare: () => prepare(running),
    open: () => open(running),
    ...(openMember === undefined ? {} : { openMember: (node) => openMember(running, node) }),
    history,
    seed: context.seed,
    signal,
    needsOldPrimary: each.contract.needsOldPrimary ?? false,
  });
}
