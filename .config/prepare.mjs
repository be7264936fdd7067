// Turns a checkout in any state into an installed and built one; needs only what Node has.

import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const at = (...parts) => path.join(root, ...parts);

if (!isInstalled()) install();
if (!isBuilt()) npm('run', 'build');

/** `npm ci` empties what a link leads to, which another checkout works with. */
function install() {
  if (lstatSync(at('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    process.stderr.write(
      'node_modules is a link: install the packages of the lock file where it leads\n',
    );
    process.exit(1);
  }
  npm('ci');
}

/** Every package that the lock file asks for on this machine is there, in that version. */
function isInstalled() {
  const record = at('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(
    // Optional packages belong to other platforms more often than not.
    ([name, entry]) => name === '' || entry.optional || found[name]?.version === entry.version,
  );
}

/** The entry point is younger than all that it is made from; a removed file ages its folder. */
function isBuilt() {
  const entry = at('dist', 'cli', 'main.js');
  if (!existsSync(entry)) return false;
  const sources = readdirSync(at('src'), { recursive: true }).map((name) => at('src', name));
  const settings = [at('src'), at('package-lock.json'), at('tsconfig.json')];
  settings.push(at('.config', 'tsconfig.build.json'));
  const builtAtMs = statSync(entry).mtimeMs;
  return [...sources, ...settings].every((file) => statSync(file).mtimeMs < builtAtMs);
}

function npm(...words) {
  process.stderr.write(`npm ${words.join(' ')}\n`);
  // Results of the command that follows own stdout.
  const { status } = spawnSync('npm', words, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
