import { dirname } from 'node:path';
import type { Engine } from '../../engines/contract/engine.ts';
import type { CostClass } from '../../engines/contract/quality.ts';
import type { Check, Contract } from './contract.ts';
import { costDeadlineMs } from './cost-deadline.ts';

/**
 * Everything that is asked of the engines: of each that has a contract whether all of its places have one, of each contract
 * whether the catalogue is as it says, and what it asks for itself. Contracts of other engines are left out.
 */
export function checksOf(contracts: readonly Contract[], engines: readonly Engine[]): readonly Check[] {
  return engines.flatMap(({ name, title, quality }) => {
    const own = contracts.filter(({ engine }) => engine === name);
    // What it costs an engine that cannot be asked is nobody's business.
    const { catalogue = 'constant', places = 'constant' } = quality?.costs ?? {};
    const [first] = own;
    if (first === undefined) return [];
    return [
      placesCheck(first, own, `Everything that ${title} keeps has a contract.`, places),
      ...own.flatMap((contract) => [catalogueCheck(contract, catalogue), ...contract.checks]),
    ];
  });
}

function placesCheck(first: Contract, contracts: readonly Contract[], description: string, cost: CostClass): Check {
  const { engine, file } = first;
  const nowhere = { fields: [], objects: [], acceptedPlaces: [], checks: [] };
  return {
    ...ofCatalogue(cost),
    id: `${engine}.places`,
    // Of no one entity: of the folder.
    contract: {
      engine,
      entity: 'places',
      id: `${engine}-places`,
      file: dirname(file),
      place: { name: '*' },
      ...nowhere,
    },
    description,
    accepted: contracts.flatMap(({ acceptedPlaces }) => acceptedPlaces),
    ask: { places: contracts.map(({ place }) => place) },
  };
}

function catalogueCheck(contract: Contract, cost: CostClass): Check {
  return {
    ...ofCatalogue(cost),
    id: `${contract.engine}.${contract.entity}.catalogue`,
    contract,
    description: 'Fields, indexes, constraints and validators are those of the contract.',
    accepted: [],
    ask: 'catalogue',
  };
}

function ofCatalogue(cost: CostClass): Pick<Check, 'severity' | 'cost' | 'deadlineMs' | 'threshold'> {
  const threshold = { operator: 'mustBe', bound: 0 } as const;
  return { severity: 'error', cost, deadlineMs: costDeadlineMs(cost), threshold };
}
