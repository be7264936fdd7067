/** Goal: the certificates of a plan are judged also where no member answers, and what is not known is not called good. */

import { expect, it } from 'vitest';

import { type VerifiedCertificates, verifyCertificates } from '../../src/engine-certs.ts';
import { SimCluster } from '../support/sim-cluster.ts';
import { SimState, lifeOf } from '../support/sim-life.ts';
import { httpWorld } from '../support/worlds.ts';

async function verified(sim: SimCluster): Promise<VerifiedCertificates> {
  let found: VerifiedCertificates | undefined;
  await lifeOf(sim, new SimState(), {}).run(async ({ rim }) => {
    const result = await verifyCertificates(rim);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    found = result.value;
    return { exit: 0, state: undefined, failures: [], reportPath: undefined };
  });
  if (found === undefined) throw new Error('nothing was judged');
  return found;
}

it('says the same of leaves and files, and that the cluster could not be asked', async () => {
  const all = await verified(new SimCluster(httpWorld(3)));
  const silent = new SimCluster(httpWorld(3));
  for (const { name } of silent.members) silent.crash(name);
  const [first, ...rest] = (await verified(silent)).findings;
  expect(first).toMatchObject({ level: 'unknown', about: 'the cluster' });
  const told = ({ about, check, level }: (typeof rest)[number]): string =>
    [about, check, level].join(' ');
  expect(rest.map(told)).toEqual(all.findings.map(told));
});
