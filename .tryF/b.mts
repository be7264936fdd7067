import { rowOf, killedAt, watched } from '../test/support/fault-matrix.ts';
import { resumed } from '../test/support/sim-runs.ts';
const r = await rowOf('dual-url');
for (let i=5;i<130;i+=5) {
const k = await killedAt(r.boundaries[i]);
await resumed(k, watched(k.sim,'dual-url'));
}
process.exit(0);
