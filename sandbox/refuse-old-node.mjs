// The build puts this before everything that the package exports: a library says of an old Node what the command says.
import { refusal } from './supported-node.mjs';

if (refusal !== undefined) throw new Error(refusal);
