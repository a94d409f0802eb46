import { readFile } from 'node:fs/promises';
import { terminalOf } from './report/terminal.ts';
import { applySchemas } from './stack/furnish/apply-schemas.ts';

// The service `schemas` of compose.yaml: engines under their service names, one password for everything, in a file.
const file = process.env.SANDBOX_PASSWORD_FILE;
const password = file === undefined ? '' : (await readFile(file, 'utf8')).trimEnd();
for (const line of await applySchemas(password)) terminalOf(process.stdout).write(`${line}\n`);
