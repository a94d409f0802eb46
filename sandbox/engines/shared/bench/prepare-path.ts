import {
  type AnswerCheck,
  type ByKind,
  type HopListener,
  type KindShares,
  type ParameterKind,
  type PlanCheck,
  type PreparedPath,
  parameterKinds,
} from '../../contract/bench/query-path.ts';

/** What differs from path to path; {@link preparePath} makes the rest of it. */
export interface PathParts<Parameter, Result> {
  /** At least one of each kind, the most asked for first. */
  readonly parameters: ByKind<readonly Parameter[]>;
  readonly shares: KindShares;
  readonly request: (parameter: Parameter, onHop?: HopListener) => Promise<Result>;
  /** The same with as little of our code as the driver allows. */
  readonly bare: (parameter: Parameter) => Promise<unknown>;
  /** A request that depends on no data, where `bare` does. */
  readonly yardstick?: () => Promise<unknown>;
  /** What the server does with this parameter. */
  readonly plan: (parameter: Parameter, kind: ParameterKind) => Promise<PlanCheck>;
  /** The answer in a form that can be compared. */
  readonly answer: (result: Result, parameter: Parameter) => string | Promise<string>;
  /** Answers by the dataset, in the same form, in the order of the parameters; or why they are not known. */
  readonly known: ((parameters: readonly Parameter[]) => Promise<readonly string[]>) | { readonly notKnown: string };
  /** Whether an answer is good enough. Default: it is the known one. */
  readonly judge?: (answer: string, known: string) => boolean;
  readonly dispose: () => Promise<void>;
}

/** Length of the sequence of parameters that is repeated: a prime, so that any number of clients meets all of it. */
const cycleLength = 1_009;

/** Parameters of each kind that plan and answer are looked at for. */
const checkedPerKind = 3;

/** Makes a path that draws its parameters by kind, and checks plan and answer for each kind. */
export function preparePath<Parameter, Result>(
  parts: PathParts<Parameter, Result>,
): Omit<PreparedPath, 'http' | 'recall'> {
  const cycle = drawCycle(parts.parameters, parts.shares);
  const at = (iteration: number) => cycle[iteration % cycle.length] as Drawn<Parameter>;
  const { yardstick } = parts;
  return {
    run: async (iteration, onHop) => {
      await parts.request(at(iteration).parameter, onHop);
    },
    runBare: async (iteration) => {
      await parts.bare(at(iteration).parameter);
    },
    ...(yardstick === undefined
      ? {}
      : {
          runYardstick: async () => {
            await yardstick();
          },
        }),
    kindOf: (iteration) => at(iteration).kind,
    checkPlan: () => checkPlan(parts),
    checkAnswer: () => checkAnswer(parts),
    [Symbol.asyncDispose]: parts.dispose,
  };
}

interface Drawn<Parameter> {
  readonly kind: ParameterKind;
  readonly parameter: Parameter;
}

/**
 * Kinds by their shares, evenly mixed; the n-th favourite n times less often than the first (Zipf's law, exponent 1),
 * the others in turns. Additive sequences take the place of random numbers: the same at each run.
 */
function drawCycle<Parameter>(
  parameters: ByKind<readonly Parameter[]>,
  shares: KindShares,
): readonly Drawn<Parameter>[] {
  for (const kind of parameterKinds) if (parameters[kind].length === 0) throw new Error(`no parameter is ${kind}`);
  const goldenRatio = (Math.sqrt(5) - 1) / 2;
  const rankOf = zipfRanks(parameters.hot.length);
  const drawn = { hot: 0, cold: 0, absent: 0 };
  return Array.from({ length: cycleLength }, (_, index) => {
    const value = (index * goldenRatio) % 1;
    const kind = value < shares.hot ? 'hot' : value < shares.hot + shares.cold ? 'cold' : 'absent';
    const list = parameters[kind];
    const position = kind === 'hot' ? rankOf((drawn.hot * Math.SQRT2) % 1) : drawn[kind] % list.length;
    drawn[kind] += 1;
    return { kind, parameter: list[position] as Parameter };
  });
}

/** From 0 to 1 to a rank, the n-th of which has a weight of 1/n. */
function zipfRanks(count: number): (value: number) => number {
  const bounds: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    sum += 1 / rank;
    bounds.push(sum);
  }
  return (value) =>
    Math.max(
      0,
      bounds.findIndex((bound) => value * sum < bound),
    );
}

/** The first, the middle and the last of each kind. */
function checkedOf<Parameter>(parameters: ByKind<readonly Parameter[]>): readonly Drawn<Parameter>[] {
  return parameterKinds.flatMap((kind) => {
    const list = parameters[kind];
    const step = (list.length - 1) / (checkedPerKind - 1);
    const positions = new Set(Array.from({ length: checkedPerKind }, (_, index) => Math.round(index * step)));
    return [...positions].map((position) => ({ kind, parameter: list[position] as Parameter }));
  });
}

async function checkPlan<Parameter, Result>(parts: PathParts<Parameter, Result>): Promise<PlanCheck> {
  const checks: (PlanCheck & { readonly kind: ParameterKind })[] = [];
  for (const { kind, parameter } of checkedOf(parts.parameters)) {
    checks.push({ kind, ...(await parts.plan(parameter, kind)) });
  }
  const [first] = checks;
  if (first === undefined) throw new Error('a path has parameters');
  const wrong = checks.filter(({ ok }) => ok === false);
  const worst = wrong.find(({ whateverTheData }) => whateverTheData) ?? wrong[0];
  if (worst !== undefined) {
    const { kind, ...plan } = worst;
    return { ...plan, actual: `${plan.actual} (${kind})` };
  }
  const seen = Map.groupBy(checks, ({ actual }) => actual);
  const actual = [...seen].map(([text, of]) =>
    seen.size === 1 ? text : `${text} (${[...new Set(of.map(({ kind }) => kind))].join(', ')})`,
  );
  const expected = [...new Set(checks.map((check) => check.expected))].join('; ');
  return { expected, actual: actual.join('; '), ok: checks.some(({ ok }) => ok === null) ? null : true };
}

async function checkAnswer<Parameter, Result>(parts: PathParts<Parameter, Result>): Promise<AnswerCheck> {
  const asked = checkedOf(parts.parameters);
  const counts = parameterKinds.map((kind) => `${asked.filter((each) => each.kind === kind).length} ${kind}`);
  const expected = `${asked.length} known answers (${counts.join(', ')})`;
  const judge = parts.judge ?? ((answer, known) => answer === known);
  if ('notKnown' in parts.known) return { expected, actual: `not checked: ${parts.known.notKnown}`, ok: null };
  const known = await parts.known(asked.map(({ parameter }) => parameter));
  for (const [index, { kind, parameter }] of asked.entries()) {
    const answer = await parts.answer(await parts.request(parameter), parameter);
    const wanted = known[index] ?? '';
    if (!judge(answer, wanted)) {
      return { expected: `${kind}: ${shortened(wanted)}`, actual: `${kind}: ${shortened(answer)}`, ok: false };
    }
  }
  return { expected, actual: expected, ok: true };
}

function shortened(text: string): string {
  if (text === '') return 'nothing';
  const line = text.replaceAll('\n', '; ');
  return line.length <= 160 ? line : `${line.slice(0, 157)}...`;
}
