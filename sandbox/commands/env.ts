import { formatDotenv } from '../report/dotenv.ts';
import { attachStack } from '../stack/attach-stack.ts';
import type { Action } from './run-action.ts';
import { chosenEngines, identityOf } from './stack-options.ts';

/** Prints the environment of an application, passwords included. */
export const env: Action = async (context) => {
  const { connections } = await attachStack({ ...identityOf(context), ...chosenEngines(context) });
  const environment: Record<string, string> = Object.assign(
    {},
    ...Object.values(connections).map((connection) => connection.environment),
  );
  return { document: environment, text: () => formatDotenv(environment) };
};
