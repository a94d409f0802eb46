import type { HostCheck } from '../../../containers/host/host-check.ts';

/** The server wants AVX of processors of x86 (MongoDB documentation, "Production Notes", platform support). */
const avx: HostCheck = ({ hasAvx }) => {
  if (hasAvx !== false) return { name: 'avx', state: 'ok', text: 'as MongoDB wants it' };
  const next = "MongoDB's official image will not start; use `--images built`.";
  return { name: 'avx', state: 'warning', text: 'the processor has none', next };
};

export const hostChecks = [avx];
