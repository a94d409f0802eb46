import type { ClientOf, WorkloadName } from '../../sandbox/engines/contract/workloads.ts';
import { checkAppend } from './append/check.ts';
import { appendClients } from './append/client.ts';
import { checkBankOfDrill } from './bank/check.ts';
import { bankClients } from './bank/client.ts';
import { checkRegister } from './register/check.ts';
import { registerClients } from './register/client.ts';
import { checkSet, findingsOfSet } from './set/check.ts';
import { setClients } from './set/client.ts';
import type { WorkloadKind } from './workload-kind.ts';

/** Every workload that engines may offer. */
export const workloadKinds: { readonly [Name in WorkloadName]: WorkloadKind<ClientOf[Name]> } = {
  set: { ...setClients, check: (events) => findingsOfSet(checkSet(events)) },
  append: { ...appendClients, check: (events) => checkAppend(events) },
  register: { ...registerClients, check: checkRegister },
  bank: { ...bankClients, check: checkBankOfDrill },
};
