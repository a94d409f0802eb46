import type { ContractCase } from '../../../contract/schema.ts';
import { dataCases } from './contract-data.ts';
import { objectCases } from './contract-objects.ts';
import { roleCases } from './contract-roles.ts';

/** What the schema promises: that its objects are there, that they refuse bad data, and who may do what. */
export const contract: readonly ContractCase[] = [...objectCases, ...dataCases, ...roleCases];
