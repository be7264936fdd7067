import { PLAIN_FAULTS } from '../test/support/chaos-faults.ts';
import { drawOf } from '../test/support/chaos.ts';
for (let s=1;s<400;s++){const d=drawOf(s,PLAIN_FAULTS);const n=d.faults.map(f=>f.name);
 if(d.strategy==='fewest-restarts'||d.strategy==='documented') if((n.includes('clock-stepped')&&n.length===2&&n.includes('member-killed'))||(n.length===2&&n.includes('tool-killed')&&(n.includes('second-operator')||n.includes('start-reply-lost')))) console.log('plain',s,d.strategy,JSON.stringify(d.faults.map(f=>[f.name,f.event,f.lastsMs])))}
for (let s=1;s<3000;s++){const d=drawOf(s);const n=d.faults.map(f=>f.name); if(n.length===1&&n[0]==='clock-stepped'&&d.strategy==='documented'&&d.version==='3.4'&&d.faults[0].lastsMs>5000&&d.faults[0].event<40) console.log('clock',s,JSON.stringify(d.faults))}
process.exit(0)
