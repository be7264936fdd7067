import { rowOf, killedAt } from '../test/support/fault-matrix.ts';
const r = await rowOf('fewest-restarts');
for (const i of [90,91,92,93,94,95,100]) {
const k = await killedAt(r.boundaries[i]);
console.log(i, r.boundaries[i].act, k.life.acts.slice(-2), k.ended);
}
process.exit(0);
