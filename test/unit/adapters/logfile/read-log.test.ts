/** Goal: every line that tells something arrives, once, however the bytes are cut. Method: a taker that remembers. */

import { describe, expect, it } from 'vitest';

import { type Taken, readLog } from '../../../../src/adapters/logfile/read-log.ts';
import { chunksOf } from '../../../support/explain.ts';

interface Count {
  readonly isAnonymous: boolean;
  count: number;
  last: string;
}

class Remembering {
  readonly taken: string[] = [];
  readonly counts = new Map<string, Count>();
  skipped = 0;
  last = '';

  take(line: string): Taken<Count> {
    this.taken.push(line);
    if (line.startsWith('dull')) return 'nothing';
    if (line.startsWith('==>')) return 'another';
    if (!line.includes('counted')) return 'telling';
    const key = line.replace(/:\d+/u, '');
    const known = this.counts.get(key) ?? { isAnonymous: false, count: 0, last: '' };
    known.count += 1;
    known.last = line;
    this.counts.set(key, known);
    return known;
  }

  again(counter: Count, count: number, lastLine: string): void {
    counter.count += count;
    counter.last = lastLine;
  }

  wantsAll(): boolean {
    return false;
  }

  reached(line: string, skippedCount: number): void {
    this.last = line;
    this.skipped += skippedCount;
  }
}

async function read(text: string | Buffer, chunkBytes = 1 << 20): Promise<Remembering> {
  const taker = new Remembering();
  await readLog(chunksOf(Buffer.from(text), chunkBytes), taker);
  return taker;
}

describe('a log', () => {
  const text = [
    'dull 1',
    'counted 10.0.0.1:5 x',
    'dull 22',
    'told',
    'counted 10.0.0.1:77 x',
    'end',
  ];

  it.each([1, 7, 64, 1 << 20])('arrives whole in chunks of %i bytes', async (chunkBytes) => {
    const taker = await read(`${text.join('\n')}\n`, chunkBytes);
    expect(taker.taken).not.toContain('dull 22');
    expect(taker.taken).toContain('told');
    expect(taker.skipped).toBe(1);
    expect([...taker.counts.values()].map(({ count }) => count)).toEqual([2]);
    expect(taker.last).toBe('end');
  });

  it('counts what differs in time and port alone, and remembers the last', async () => {
    const lines = Array.from({ length: 5000 }, (_, at) => {
      const time = `2026-11-22 05:41:19.${String(100_000 + at)}`;
      return `${time} I | counted "10.0.0.${String(at % 2)}:${String(30_000 + at)}"`;
    });
    const taker = await read(`${lines.join('\n')}\n`, 1000);
    expect(taker.taken.length).toBeLessThan(5);
    expect(taker.taken.length).toBeGreaterThan(1);
  });

  it('tells IPv6 addresses apart that differ in one group, and not by their ports', async () => {
    const lines = ['[fd00::12]:1', '[fd00::12]:22', '[fd00::13]:3'].map((at) => `told of ${at}`);
    const counted = lines.map((line) => line.replace('told', 'counted'));
    const taker = await read(`${counted.join('\n')}\n`);
    expect(taker.taken).toEqual([counted[0], counted[2]]);
  });

  it.each([
    ['text', (key: string) => `dull request "key:\\"${key}\\" " took too long (1ms)`],
    ['JSON', (key: string) => `dull {"msg":"took","request":"key:\\"${key}\\" ","response":"1"}`],
  ])('takes one of many lines that differ in the request alone, as %s', async (_form, line) => {
    const lines = ['a', 'bc', 'd\\\\', ''].map(line);
    const other = line('a').replace('took', 'was refused');
    expect((await read(`${lines.join('\n')}\n${other}\n`)).taken).toEqual([lines[0], other]);
  });

  it('is not led astray by a request that has no end', async () => {
    const lines = ['dull "request":"abc', 'dull "request":"xyz', 'told "request" of another'];
    expect((await read(`${lines.join('\n')}\n`)).taken).toEqual([lines[0], lines[2]]);
  });

  it('counts on over a line that tells something, and anew in another log', async () => {
    const lines = ['counted 1', 'told', 'counted 1', '==> b <==', 'counted 1', 'counted 1'];
    const { taken, counts } = await read(`${lines.join('\n')}\n`);
    expect(taken).toEqual(['counted 1', 'told', '==> b <==', 'counted 1']);
    expect([...counts.values()].map(({ count }) => count)).toEqual([4]);
  });

  it('has a last line without an end', async () => {
    expect((await read('told\nno end')).taken).toEqual(['told', 'no end']);
  });

  it('has an endless line cut, and the lines after it whole', async () => {
    const taker = await read(`${'x'.repeat(300_000)}\nafter\n`, 50_000);
    expect(taker.taken.map(({ length }) => length)).toEqual([64 * 1024, 'after'.length]);
  });
});

describe("journald's export", () => {
  it.each([3, 1 << 20])('is read in chunks of %i bytes, a text with newlines too', async (size) => {
    const length = Buffer.alloc(8);
    const message = Buffer.from('told\nin two lines');
    length.writeBigUInt64LE(BigInt(message.length));
    const bytes = Buffer.concat([
      Buffer.from(
        '__CURSOR=s=1\n_HOSTNAME=h1\nMESSAGE=first\nPRIORITY=6\n\n__CURSOR=s=2\nMESSAGE\n',
      ),
      ...[length, message, Buffer.from('\n_HOSTNAME=h2\n')],
    ]);
    const { taken } = await read(bytes, size);
    expect(taken.map((line) => JSON.parse(line) as unknown)).toEqual([
      { _HOSTNAME: 'h1', MESSAGE: 'first' },
      { _HOSTNAME: 'h2', MESSAGE: 'told\nin two lines' },
    ]);
  });
});
