// Turns dependency-cruiser's findings into an exit code that is never green over nothing.

import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const cruiser = path.join(
  root,
  'node_modules',
  'dependency-cruiser',
  'bin',
  'dependency-cruise.mjs',
);
const words = ['--config', '.config/dependency-cruiser.cjs', '--output-type', 'json', 'src'];

const { stdout, stderr } = spawnSync(process.execPath, [cruiser, ...words], {
  cwd: root,
  encoding: 'utf8',
  // The whole graph comes as JSON: about 2 KiB a module.
  maxBuffer: 64 * 1024 * 1024,
});
process.stderr.write(stderr);

const { summary } = JSON.parse(stdout);
for (const { rule, from, to, cycle } of summary.violations) {
  const way = (cycle ?? []).map(({ name }) => name).join(' -> ') || to;
  process.stdout.write(`${rule.name}: ${from} -> ${way}\n`);
}
const { totalCruised, totalDependenciesCruised, violations } = summary;
process.stdout.write(
  `layers: ${totalCruised} modules, ${totalDependenciesCruised ?? 0} dependencies, ` +
    `${violations.length} violations\n`,
);
// A TypeScript that the cruiser cannot read with gives no modules and no violations.
if (totalCruised === 0 || violations.length > 0) process.exitCode = 1;
