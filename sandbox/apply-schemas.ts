import { terminalOf } from './report/terminal.ts';
import { applySchemas } from './stack/apply-schemas.ts';

// The service `schemas` of compose.yaml: engines under their service names, one password for everything.
for (const line of await applySchemas(process.env.SANDBOX_PASSWORD ?? ''))
  terminalOf(process.stdout).write(`${line}\n`);
