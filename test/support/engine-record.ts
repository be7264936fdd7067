/** Turns a recorded answer of a real engine into a container, changed where a test asks for it, and into an engine that says it. */

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type Container, containerOf } from '../../src/adapters/docker/container.ts';
import type { Engine } from '../../src/adapters/docker/engine.ts';
import { ok } from '../../src/base/result.ts';
import type { Host } from '../../src/ports.ts';
import { CHECKOUT } from './checkout.ts';

type Json = Record<string, unknown>;

export type EngineRecord = 'docker-20.10-flags' | 'docker-20.10-variables' | 'podman-4.3-variables';

/** One entry of `container inspect`; `change` may write in it. */
export function recorded(name: EngineRecord, change: (entry: Entry) => void = nothing): Entry {
  const file = path.join(CHECKOUT, 'fixtures/engines', `${name}.json`);
  const [entry] = JSON.parse(readFileSync(file, 'utf8')) as Entry[];
  if (entry === undefined) throw new Error(`${file} is empty`);
  change(entry);
  return entry;
}

export interface Entry extends Json {
  Name: string;
  Id: string;
  Image: string;
  Config: Json & { Image: string; Labels: Record<string, string> };
  HostConfig: Json;
}

export function recordedContainer(
  name: EngineRecord,
  change: (entry: Entry) => void = nothing,
): Container {
  return containerOf(recorded(name, change));
}

/** Answers each call by its words; an Error is a call that fails with these words. */
export function engineThatSays(
  answer: (words: readonly string[]) => string | Error,
  binary: Engine['binary'] = 'docker',
): { readonly engine: Engine; readonly calls: (readonly string[])[] } {
  const calls: (readonly string[])[] = [];
  const host: Pick<Host, 'label' | 'exec'> = {
    label: 'host1',
    exec: (argv) => {
      const words = argv.slice(argv.indexOf(binary) + 1);
      calls.push(words);
      const said = argv.includes(binary) ? answer(words) : '';
      const failed = said instanceof Error;
      const [stdout, stderr] = failed ? ['', said.message] : [said, ''];
      return Promise.resolve(ok({ exitCode: failed ? 1 : 0, signal: undefined, stdout, stderr }));
    },
  };
  return { engine: { host: host as Host, binary }, calls };
}

function nothing(): void {
  // As it was recorded.
}
