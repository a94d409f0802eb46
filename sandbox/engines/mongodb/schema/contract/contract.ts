import type { ContractCase } from '../../../contract/schema.ts';
import { managementCases } from './contract-management.ts';
import { objectCases } from './contract-objects.ts';
import { validatorCases } from './contract-validators.ts';

export const contract: readonly ContractCase[] = [...objectCases, ...validatorCases, ...managementCases];
