// Moves the cluster of a plan file, as `peershift run PLAN --yes` does: node library-example.mjs PLAN
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';

import { connect, declare, discover, failureText, plan, prove, run } from 'peershift';

/** The value, or the end of the program with the five lines of each failure. */
function must(result) {
  if (result.ok) return result.value;
  const failures = [result.error].flat();
  for (const failure of failures) {
    console.error(failure.code === undefined ? failure : failureText(failure, 'refused'));
  }
  process.exit(3);
}

const planFile = resolve(process.argv[2] ?? 'peershift.yaml');
const folders = { baseDir: dirname(planFile), homeDir: homedir() };
const desired = must(declare(await readFile(planFile, 'utf8'), planFile, folders));
const options = { acceptDowntime: true, onEvent: (event) => console.log(event.type) };

const connection = must(await connect(desired, { environment: process.env }));
const seen = must(await discover(connection, options));
const rollout = must(plan(connection, seen));
const proven = must(prove(connection, seen, rollout, options));
console.log(`${rollout.steps.length} steps, ${proven.proof.worldCount} worlds`);

const ended = await run(connection, proven, options);
console.log(`exit ${ended.exit}, report ${ended.reportPath}`);
await connection.close();
process.exitCode = ended.exit;
