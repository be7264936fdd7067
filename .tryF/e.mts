import { runStory, resumed, rolledBack, endOf, reasonOf, isWhole, outcomeOf, startOf } from '../test/support/sim-runs.ts';
import { SimCluster, CONFIG_PATH } from '../test/support/sim-cluster.ts';
import { httpWorld, peerUrl } from '../test/support/worlds.ts';
const straight = await runStory();
const start = JSON.stringify(startOf(new SimCluster(httpWorld(3))));
const want = JSON.stringify(endOf(straight));
const edit=(sim,n,f)=>{const h=sim.member(n).host;h.put(CONFIG_PATH,f(h.textOf(CONFIG_PATH)??''))};
const hands = {
  leader: (sim)=>sim.lead([...sim.majority].sort().at(-1)),
  'm3 https in list': (sim)=>sim.update('m3',[peerUrl('https://10.0.0.3:2380')]),
  'm2 http in list': (sim)=>sim.update('m2',[peerUrl('http://10.0.0.2:2380')]),
  'm3 other port in list': (sim)=>sim.update('m3',[peerUrl('http://10.0.0.3:2390')]),
  'foreign setting': (sim)=>edit(sim,'m2',t=>t+'ETCD_HEARTBEAT_INTERVAL=150\n'),
  'our setting': (sim)=>edit(sim,'m2',t=>t.replace(':2380',':2399')),
  'tls file gone': (sim)=>sim.member('m2').host.files.delete('/etc/etcd/pki/ca.pem'),
  'restart m2': async (sim)=>{await sim.member('m2').service.stop();await sim.member('m2').service.start()},
  'stop m3': async (sim)=>{await sim.member('m3').service.stop()},
};
const only=process.argv[2];
for (const [name,hand] of Object.entries(hands)) for (const at of [21,34,46,54,66,82,90,100]) for (const back of [false,true]) {
  const k = await runStory({onAct:(_a,i)=>i===at?'die':'go on'});
  await hand(k.sim);
  const r = back ? await rolledBack(k) : await resumed(k);
  const good = back? JSON.stringify(startOf(r.sim))===start : JSON.stringify(endOf(r))===want;
  console.log(name, back?'back':'on', at, straight.life.acts[at], '->', r.ended?.exit, outcomeOf(r), good, isWhole(r), r.sim.majority.size, reasonOf(r).slice(0,230));
}
process.exit(0);
