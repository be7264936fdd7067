import { leaveOnDisk, journalBytes } from '../test/support/torn-journal.ts';
import { runStory, resumed, rolledBack, endOf, reasonOf, isWhole, outcomeOf, startOf } from '../test/support/sim-runs.ts';
import { SimCluster } from '../test/support/sim-cluster.ts';
import { httpWorld } from '../test/support/worlds.ts';
const straight = await runStory();
const start = JSON.stringify(startOf(new SimCluster(httpWorld(3))));
const acts = straight.life.acts;
const want = JSON.stringify(endOf(straight));
let seed=7; const rnd=(n)=>{seed=(seed*1103515245+12345)&0x7fffffff;return seed%n;};
for (let t=0;t<60;t++){
  const at = 8+rnd(acts.length-12);
  const k = await runStory({onAct:(_a,i)=>i===at?'die':'go on'});
  const bytes=journalBytes(k.state);
  const cut = rnd(bytes.length);
  await leaveOnDisk(k.state, bytes.subarray(0,cut));
  const lines = k.state.entriesOf().length;
  const back = t%2===1;
  const r = back ? await rolledBack(k) : await resumed(k);
  const good = back? JSON.stringify(startOf(r.sim))===start : JSON.stringify(endOf(r))===want;
  console.log(back?'back':'on', at, acts[at], 'cut', cut, 'of', bytes.length, 'lines left', lines, '->', r.ended?.exit, outcomeOf(r), good, isWhole(r), reasonOf(r));
  if (!good || r.ended?.exit!==0) {
    for (const m of r.sim.world.members) console.log('   ', m.name, r.sim.world.record[m.name], m.process?.peer?.listen ?? '', [...r.sim.member(m.name).host.files.keys()].map(f=>f.split('/').pop()).join(' '));
  }
}
process.exit(0);
