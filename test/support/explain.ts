/** Turns texts of logs into what `explain` finds in them, as the command reads them: in bytes, cut anywhere. */

import { readLog } from '../../src/adapters/logfile/read-log.ts';
import {
  type Explanation,
  type Knowledge,
  explanationOf,
} from '../../src/model/explain/explanation.ts';
import { makeExplainReader } from '../../src/model/explain/reader.ts';

export interface LogText {
  readonly name: string;
  readonly text: string;
}

const NOTHING_KNOWN: Knowledge = {
  named: [],
  areAddressesKnown: false,
  leaves: new Map(),
  trusted: undefined,
  nowMs: 0,
};

/** Each text is an input of its own; `chunkBytes` is how much is read at a time. */
export async function explainTexts(
  logs: readonly LogText[],
  knowledge: Partial<Knowledge> = {},
  chunkBytes = 1 << 20,
): Promise<Explanation> {
  const reader = makeExplainReader();
  for (const { name, text } of logs) {
    reader.begin(name);
    await readLog(chunksOf(Buffer.from(text), chunkBytes), {
      take: (line) => reader.read(line),
      again: (tally, count, line) => {
        reader.again(tally, count, line);
      },
      wantsAll: () => reader.isWaitingForName(),
      reached: (line, skippedCount) => {
        reader.reached(line, skippedCount);
      },
    });
  }
  return explanationOf(reader.sections(), { ...NOTHING_KNOWN, ...knowledge });
}

export async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
