import { apiReference } from './support/api-reference.ts';

process.stdout.write(apiReference());
