import { SimState, lifeOf } from '../test/support/sim-life.ts';
import { runStory, resumed, endOf, reasonOf, isWhole, outcomeOf } from '../test/support/sim-runs.ts';
import { httpWorld } from '../test/support/worlds.ts';
import { stopped } from '../src/model/steps/restart-member.ts';
for (const n of [3,5]) for (const tol of [[],[`m${n}`]]) for (const strategy of ['documented','dual-url','trust-first','fewest-restarts','dual-listener']) {
  const w = stopped(httpWorld(n), `m${n}`);
  const s = await runStory({tolerateDown: tol, desired:{strategy}}, w);
  console.log(n, tol, strategy, s.ended?.exit, outcomeOf(s), reasonOf(s).slice(0,300), s.sim.world.record[`m${n}`], s.sim.majority.size, s.life.acts.length);
}
process.exit(0)
