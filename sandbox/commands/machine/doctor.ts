import type { Finding } from '../../containers/host/host-check.ts';
import { inspectHost } from '../../containers/host/host-findings.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import type { Colors } from '../../report/colors.ts';
import { formatTable } from '../../report/table.ts';
import { comfortableRoom } from '../../stack/resolve/resources.ts';
import type { Action } from '../run-action.ts';

/** Checks this machine and says how to mend what is amiss. */
export const doctor: Action = async ({ settings }) => {
  const engines = await loadEngines(settings.engines);
  const findings = await inspectHost({
    room: comfortableRoom(engines),
    checks: engines.flatMap(({ hostChecks = [] }) => hostChecks),
  });
  return {
    document: { version: 1, findings },
    text: (colors) => formatFindings(findings, colors),
    exitCode: findings.some(({ state }) => state === 'failed') ? 1 : 0,
  };
};

function formatFindings(findings: readonly Finding[], colors: Colors): string {
  const paint = { ok: colors.green, warning: colors.yellow, failed: colors.red };
  const rows = findings.map(({ name, state, text, next }) => [paint[state](state), name, text, next ?? '']);
  return formatTable(
    [{ title: 'state' }, { title: 'what' }, { title: 'found' }, { title: 'what to do' }],
    rows,
    colors,
  );
}
