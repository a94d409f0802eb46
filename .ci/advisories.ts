import { execFile } from 'node:child_process';

/** The parts of `npm audit --json` that are read here: its report, or why there is none. */
interface AuditReport {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly message?: string;
  readonly error?: { readonly summary?: string };
}

/** Severities that fail a build; others are told. */
const failing: ReadonlySet<string> = new Set(['high', 'critical']);

const report = await audit();
const found = Object.entries(report?.vulnerabilities ?? {});
if (report?.vulnerabilities === undefined) {
  const reason = report?.message ?? (report?.error?.summary || 'npm audit gave no report');
  console.log(`advisories: not checked, because the registry does not answer for them: ${reason}`);
} else {
  for (const [name, { severity, range }] of found) console.log(`advisories: ${severity}: ${name} ${range}`);
  console.log(`advisories: ${found.length} of the packages that are installed to run`);
  if (found.some(([, { severity }]) => failing.has(severity))) process.exitCode = 1;
}

/**
 * `npm audit` ends with 1 where it finds something and where it could not ask: its document tells which. Of itself npm
 * waits five minutes for an answer, three times over, of the time that the tests are to have.
 */
function audit(): Promise<AuditReport | undefined> {
  const env = { npm_config_fetch_timeout: '30000', npm_config_fetch_retries: '1', ...process.env };
  return new Promise((resolve) => {
    execFile('npm', ['audit', '--json', '--omit=dev'], { maxBuffer: 64 * 2 ** 20, env }, (_, stdout) => {
      try {
        resolve(JSON.parse(stdout) as AuditReport);
      } catch {
        resolve(undefined);
      }
    });
  });
}
