import { writeFileSync } from 'node:fs';
import { runStory, rolledBack } from '../test/support/sim-runs.ts';
const put=(n,s)=>writeFileSync(`fixtures/journals/v1/${n}.jsonl`, [...s.state.runs.values()].at(-1).join('\n')+'\n');
const f = await runStory(); put('finished', f);
put('rolled-back', await rolledBack(f));
let died=false;
put('unfinished', await runStory({onAct:(a)=>a==='start m2'?'die':'go on'}));
process.exit(0);
