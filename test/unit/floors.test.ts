/** Goal: src keeps its floors. Method: read every import line, and plant breaches to be seen. */

import { describe, expect, it } from 'vitest';
import { filesBelow, textOf } from '../support/checkout.ts';
import { breachesOf, PACKAGE_HOMES } from '../support/floors.ts';

/** An empty listing would keep every law. */
const FEWEST_MODULES = 10;

describe('the floors of src', () => {
  const modules = filesBelow('src').filter((file) => file.endsWith('.ts'));

  it('are read from a source tree that is there', () => {
    expect(modules.length).toBeGreaterThan(FEWEST_MODULES);
    expect(modules).toContain('src/ports.ts');
  });

  it('are kept by every module', () => {
    expect(modules.flatMap((file) => breachesOf(file, textOf(file)))).toEqual([]);
  });

  it('hold nothing but TypeScript, the page of each folder and the pages of the package', () => {
    const others = filesBelow('src').filter((file) => !file.endsWith('.ts'));
    const pages =
      /(?:README|DECISIONS)\.md$|^src\/docs\/(?:failures\.md|peershift\.1|library-example\.mjs)$/u;
    expect(others.filter((file) => !pages.test(file))).toEqual([]);
  });

  it('give every runtime dependency exactly one home', () => {
    const manifest = JSON.parse(textOf('package.json')) as { dependencies: object };
    const homeless = Object.keys(manifest.dependencies).filter((name) => !(name in PACKAGE_HOMES));
    expect(homeless).toEqual([]);
  });
});

describe('a planted breach is seen', () => {
  const planted: readonly (readonly [why: string, file: string, line: string])[] = [
    ['a stage imports a stage', 'src/plan/order.ts', `import { prove } from '../prove/prove.ts';`],
    ['a live stage imports a stage', 'src/run/driver.ts', `import '../discover/discover.ts';`],
    ['a stage imports an adapter', 'src/run/driver.ts', `import '../adapters/etcd/client.ts';`],
    ['a pure stage imports a door', 'src/show/table.ts', `import type { X } from '../ports.ts';`],
    ['a type import counts', 'src/plan/order.ts', `import type { X } from '../run/lease.ts';`],
    ['an export from counts', 'src/plan/order.ts', `export { x } from '../show/table.ts';`],
    ['an import on the fly counts', 'src/run/driver.ts', `void import('node:fs');`],
    ['an inline import type counts', 'src/plan/order.ts', `type X = import('node:fs').Stats;`],
    ['an adapter imports its sibling', 'src/adapters/ssh/exec.ts', `import '../local/host.ts';`],
    ['an adapter imports a stage', 'src/adapters/ssh/exec.ts', `import '../../plan/order.ts';`],
    ['the engine chooses an adapter', 'src/engine.ts', `import './adapters/local/host.ts';`],
    ['the engine imports compose', 'src/engine.ts', `import { compose } from './compose.ts';`],
    ['the lab imports a command', 'src/lab/demo.ts', `import '../cli/commands/run.ts';`],
    ['the model imports a door', 'src/model/dial.ts', `import type { Host } from '../ports.ts';`],
    ['base imports the model', 'src/base/result.ts', `import '../model/url.ts';`],
    ['base imports Node', 'src/base/result.ts', `import 'node:crypto';`],
    ['a stage imports Node', 'src/prove/prove.ts', `import path from 'node:path';`],
    ['etcd3 leaves home', 'src/adapters/ssh/exec.ts', `import { Etcd3 } from 'etcd3';`],
    ['xstate leaves the machine', 'src/run/driver.ts', `import { createActor } from 'xstate';`],
    ['a part of a package counts', 'src/run/driver.ts', `import 'xstate/graph';`],
    ['yaml enters a pure stage', 'src/plan/order.ts', `import { parse } from 'yaml';`],
    ['a package has no home', 'src/cli/main.ts', `import chalk from 'chalk';`],
    ['source imports a test', 'src/cli/main.ts', `import '../../test/support/floors.ts';`],
    ['an async function', 'src/prove/prove.ts', 'export async function prove() {}'],
    ['an async arrow', 'src/model/dial.ts', 'export const dial = async () => 1;'],
    ['the date', 'src/plan/order.ts', 'export const at = Date.now();'],
    ['randomness', 'src/plan/order.ts', 'export const dice = Math.random();'],
    ['the process', 'src/show/table.ts', 'export const width = process.stdout.columns;'],
    ['a timer', 'src/base/duration.ts', 'setTimeout(() => {}, 1);'],
    ['a value among the doors', 'src/ports.ts', 'export const clock = 1;'],
    ['a value import among the doors', 'src/ports.ts', `import { ok } from './base/result.ts';`],
    ['a folder without a floor', 'src/utils/misc.ts', ''],
  ];

  it.each(planted)('%s', (_why, file, line) => {
    expect(breachesOf(file, line)).not.toEqual([]);
  });
});

describe('an honest line is let through', () => {
  const honest: readonly (readonly [why: string, file: string, line: string])[] = [
    ['words in comments and texts', 'src/plan/order.ts', `/* async Date */ const a = 'process';`],
    ['a property named process', 'src/show/table.ts', 'export const pid = host.process.pid;'],
    ['a variable named process', 'src/model/dial.ts', 'const f = (process: P) => process.pid;'],
    ['a door named process', 'src/ports.ts', 'export interface H { process(pid: number): void }'],
    ['a digest uses crypto', 'src/base/digest.ts', `import { createHash } from 'node:crypto';`],
    ['declare reads YAML', 'src/declare/plan-file.ts', `import { parseDocument } from 'yaml';`],
    ['the machine is a statechart', 'src/run/machine.ts', `import { setup } from 'xstate';`],
    ['an adapter has its package', 'src/adapters/ssh/exec.ts', `import { Client } from 'ssh2';`],
    ['an adapter has its folder', 'src/adapters/ssh/exec.ts', `import './connection.ts';`],
    ['the engine calls stages', 'src/engine.ts', `import { plan } from './plan/plan-rollout.ts';`],
    ['compose picks adapters', 'src/compose.ts', `import './adapters/local/host.ts';`],
  ];

  it.each(honest)('%s', (_why, file, line) => {
    expect(breachesOf(file, line)).toEqual([]);
  });
});
