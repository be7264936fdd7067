/** Goal: no line of a container's log is lost or read twice, across a replacement. Method: an engine that prints what Docker 20.10 and podman 4.3 print. */

import { expect, it } from 'vitest';

import { containerLog } from '../../../../src/adapters/docker/logs.ts';
import type { LogCursor, LogSource } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';
import { engineThatSays, recorded } from '../../../support/engine-record.ts';

const [OLD, NEW] = ['a'.repeat(64), 'b'.repeat(64)];

interface Told {
  readonly id: string;
  status: string;
  lines: string[];
}

/** `line(3)` was written 3 ns after the hour. */
const at = (ns: number): string => `2026-11-22T17:00:00.${String(ns).padStart(9, '0')}Z`;
const line = (ns: number, text = `line ${String(ns)}`): string => `${at(ns)} ${text}`;

function log(containers: readonly Told[], named: () => string): LogSource {
  const { engine } = engineThatSays((words) => {
    const id = words.at(-1) === 'etcd' ? named() : (words.at(-1) ?? '');
    const of = containers.find((each) => each.id === id && each.status !== 'gone');
    if (of === undefined) return new Error(`Error: No such container: ${id}`);
    if (words[0] === 'container') {
      const entry = recorded('docker-20.10-flags', (each) => {
        each.Id = id;
        each['State'] = { Status: of.status };
      });
      return JSON.stringify([entry]);
    }
    const tail = words.includes('--tail') ? Number(words[words.indexOf('--tail') + 1]) : undefined;
    const since = words.includes('--since') ? (words[words.indexOf('--since') + 1] ?? '') : '';
    const shown = of.lines.filter((each) => each >= since.replace('Z', ''));
    return shown
      .slice(tail === undefined ? 0 : -tail)
      .map((each) => `${each}\n`)
      .join('');
  });
  return containerLog(engine, 'etcd');
}

async function all(
  source: LogSource,
  from: LogCursor,
): Promise<{ lines: string[]; cursor: LogCursor }> {
  const lines: string[] = [];
  for (let cursor = from; ;) {
    const more = value(await source.since(cursor));
    lines.push(...more.lines);
    cursor = more.cursor;
    if (!more.hasMore) return { lines, cursor };
  }
}

it('gives each line once, also several of one moment', async () => {
  const told = { id: OLD, status: 'running', lines: [line(1), line(2), line(2, 'again')] };
  const source = log([told], () => OLD);
  const end = value(await source.end());
  expect((await all(source, end)).lines).toEqual([]);
  told.lines.push(line(2, 'a third'), line(3));
  const first = await all(source, end);
  expect(first.lines).toEqual(['a third', 'line 3']);
  expect((await all(source, first.cursor)).lines).toEqual([]);
});

it('begins about so far back as it is asked to', async () => {
  const told = { id: OLD, status: 'running', lines: [1, 2, 3, 4, 5].map((ns) => line(ns)) };
  const source = log([told], () => OLD);
  expect((await all(source, value(await source.end(320)))).lines).toEqual(['line 4', 'line 5']);
});

it('reads a replaced container to its end, then the one that has its name', async () => {
  const old = { id: OLD, status: 'running', lines: [line(1)] };
  const next = { id: NEW, status: 'running', lines: [line(20), line(21)] };
  let name = OLD;
  const source = log([old, next], () => name);
  const end = value(await source.end());
  old.lines.push(line(2));
  old.status = 'exited';
  name = NEW;
  expect((await all(source, end)).lines).toEqual(['line 2', 'line 20', 'line 21']);
});

it('goes on behind a container that was removed only when that was read to its end', async () => {
  const old = { id: OLD, status: 'exited', lines: [line(1), line(2)] };
  const next = { id: NEW, status: 'running', lines: [line(20)] };
  let name = OLD;
  const source = log([old, next], () => name);
  const unread = value(await source.end());
  const read = await all(source, unread);
  old.status = 'gone';
  name = NEW;
  expect((await all(source, read.cursor)).lines).toEqual(['line 20']);
  const lost = await source.since(unread);
  expect(lost.ok ? '' : lost.error.code).toBe('LOG_LINES_LOST');
});

it('says that lines are lost when the last one was rotated away', async () => {
  const told = { id: OLD, status: 'running', lines: [line(1), line(2)] };
  const source = log([told], () => OLD);
  const end = value(await source.end());
  told.lines.splice(0, 2, line(9));
  const lost = await source.since(end);
  expect(lost.ok ? '' : lost.error.but).toContain('rotated away');
});
