import { messageOf } from '../../../sandbox/core/errors.ts';
import { runConcurrently } from '../../../sandbox/core/run-concurrently.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import type {
  Isolation,
  Leak,
  LeakVerdict,
  Place,
  Places,
  RolledBack,
  RolledBackSession,
  SessionLeak,
} from '../../../sandbox/engines/contract/isolation.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';

/** What became of one way out. */
interface LeakOutcome {
  readonly leak: string;
  readonly declared: LeakVerdict;
  readonly found: LeakVerdict;
  /** What the victim saw, and what the verification said. */
  readonly evidence: readonly string[];
}

/** Those that cannot be tried on this image, with the reason. */
interface LeakNotRun {
  readonly leak: string;
  readonly reason: string;
}

export interface LeakReport {
  readonly outcomes: readonly LeakOutcome[];
  readonly notRun: readonly LeakNotRun[];
}

/**
 * Tries every way out of a place, one after the other, from an attacker's place into that of a victim. After one that
 * arrives, both are new ones. At last the victim of all those that did not arrive must be as new, and so must the
 * attacker once it is reset: what is left then belongs to `left behind`, which no engine declares.
 */
export async function tryLeaks(leaks: readonly Leak[], running: RunningEngine, places: Places): Promise<LeakReport> {
  const { tried, notRun } = split(leaks, running);
  const outcomes: LeakOutcome[] = [];
  // What all share stays changed: it is the doing of the first one alone.
  const known = new Set<string>();
  let pair = await makePair(places);
  for (const leak of tried) {
    const { seen, said: all } = await tryOne(leak, places, pair);
    const said = all.filter((each) => !known.has(each));
    for (const each of said) known.add(each);
    const found = seen.length === 0 ? 'isolated' : said.length === 0 ? 'not isolated' : 'detected';
    outcomes.push({ leak: leak.name, declared: verdictOf(leak, running), found, evidence: [...seen, ...said] });
    if (seen.length > 0) pair = await replace(places, pair);
  }
  const left = (await leftBehind(places, pair)).filter((each) => !known.has(each));
  outcomes.push({
    leak: 'left behind',
    declared: 'isolated',
    found: left.length === 0 ? 'isolated' : 'detected',
    evidence: left,
  });
  await dropPair(places, pair);
  return { outcomes, notRun };
}

/** What others see of one way out, beside the test that goes it and after it, and what the verification says of that. */
async function tryOne(
  { attempt, afterReset }: Leak,
  places: Places,
  { attacker, victim }: Pair,
): Promise<{ readonly seen: readonly string[]; readonly said: readonly string[] }> {
  const beside = await attempt(attacker, victim);
  if (beside.length > 0) return { seen: beside, said: await detectedIn(places, victim) };
  // A place that its reset has given up has no next test.
  if (afterReset === undefined || !(await places.reset(attacker))) return { seen: [], said: [] };
  const later = await afterReset(attacker);
  return { seen: later, said: later.length === 0 ? [] : await detectedIn(places, attacker) };
}

/** The same ways out where attacker and victim share one store and one login that may do everything: all must be seen. */
export async function tryLeaksOfControl(
  leaks: readonly Leak[],
  running: RunningEngine,
  shared: Place,
): Promise<LeakReport> {
  const { tried, notRun } = split(leaks, running);
  const outcomes: LeakOutcome[] = [];
  for (const leak of tried) {
    const beside = await leak.attempt(shared, shared);
    const evidence = [...beside, ...((await leak.afterReset?.(shared)) ?? [])];
    const found = evidence.length === 0 ? 'isolated' : 'not isolated';
    outcomes.push({ leak: leak.name, declared: 'not isolated', found, evidence });
  }
  return { outcomes, notRun };
}

/** Tries every way from one test to the next in a session that is rolled back. After one that is noticed its place is another. */
export async function tryLeaksOfSession({ leaks, open }: RolledBack, places: Places): Promise<LeakReport> {
  const outcomes: LeakOutcome[] = [];
  const waiting = [...leaks];
  while (waiting.length > 0) {
    const place = await places.make();
    try {
      await using session = await open(place);
      for (let noticed = false; !noticed && waiting.length > 0; ) {
        const outcome = await tryNext(waiting.shift() as SessionLeak, place, session);
        outcomes.push(outcome);
        noticed = outcome.found === 'detected';
      }
    } finally {
      await places.drop(place);
    }
  }
  return { outcomes, notRun: [] };
}

async function tryNext(leak: SessionLeak, place: Place, session: RolledBackSession): Promise<LeakOutcome> {
  await leak.prepare?.(place);
  // Where the work is refused, what counts is what it has done.
  await leak.leave(session.client).catch(() => {});
  const outcome = { leak: leak.name, declared: leak.verdict };
  try {
    await session.takeBack();
  } catch (thrown) {
    return { ...outcome, found: 'detected', evidence: [messageOf(thrown)] };
  }
  const isFound = await leak.find(session.client);
  await session.takeBack();
  return { ...outcome, found: isFound ? 'not isolated' : 'isolated', evidence: [] };
}

/** The same where nothing is rolled back, over a client for each: all must be found. */
export async function tryLeaksOfSharedClient(
  { leaks }: RolledBack,
  connect: Isolation['connect'],
  places: Places,
): Promise<LeakReport> {
  const outcomes: LeakOutcome[] = [];
  const place = await places.make();
  try {
    for (const leak of leaks) {
      await leak.prepare?.(place);
      await using connection = await connect(place);
      await leak.leave(connection.client);
      const found = (await leak.find(connection.client)) ? 'not isolated' : 'isolated';
      outcomes.push({ leak: leak.name, declared: 'not isolated', found, evidence: [] });
    }
  } finally {
    await places.drop(place);
  }
  return { outcomes, notRun: [] };
}

/** The stack's own store as whoever owns it: what a harness has that gives tests no store of their own. */
export function sharedPlace(engine: Engine, running: RunningEngine): Place {
  const migrations = engine.schema?.migrationEnvironment(running) ?? {};
  const address = Object.values(migrations).find((value) => URL.canParse(value) && value.includes('//'));
  return {
    id: 'shared',
    uri: address ?? engine.uri(running),
    environment: { ...engine.environment(running), ...migrations },
  };
}

/** Those whose verdict is another one than was declared. */
export function wrongVerdicts({ outcomes }: LeakReport): readonly string[] {
  return outcomes
    .filter(({ declared, found }) => declared !== found)
    .map(({ leak, declared, found, evidence }) => `${leak}: ${found}, declared ${declared}: ${evidence.join(', ')}`);
}

function split(leaks: readonly Leak[], { image: { origin } }: RunningEngine) {
  const notRun = leaks.flatMap(({ name, notRunOn }) => {
    const reason = notRunOn?.[origin];
    return reason === undefined ? [] : [{ leak: name, reason }];
  });
  return { tried: leaks.filter(({ notRunOn }) => notRunOn?.[origin] === undefined), notRun };
}

function verdictOf({ verdict, verdictOn }: Leak, { image: { origin } }: RunningEngine): LeakVerdict {
  return verdictOn?.[origin] ?? verdict;
}

interface Pair {
  readonly attacker: Place;
  readonly victim: Place;
}

async function makePair(places: Places): Promise<Pair> {
  const [attacker, victim] = await runConcurrently([1, 2], () => places.make());
  if (attacker === undefined || victim === undefined) throw new Error('there are two places');
  return { attacker, victim };
}

async function dropPair(places: Places, { attacker, victim }: Pair): Promise<void> {
  await runConcurrently([attacker, victim], (place) => places.drop(place));
}

async function replace(places: Places, pair: Pair): Promise<Pair> {
  await dropPair(places, pair);
  return makePair(places);
}

/** What the verification says of a place, or that its reset gives it up. */
async function detectedIn(places: Places, place: Place): Promise<readonly string[]> {
  const different = await places.verify(place);
  if (different.length > 0) return different;
  return (await places.reset(place)) ? [] : ['the reset gave the place up'];
}

async function leftBehind(places: Places, { attacker, victim }: Pair): Promise<readonly string[]> {
  const ofVictim = await places.verify(victim);
  const again = await places.reset(attacker);
  const ofAttacker = again ? await places.verify(attacker) : [];
  return [...ofVictim, ...ofAttacker];
}
