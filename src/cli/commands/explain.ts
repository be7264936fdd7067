/** explain: what is wrong with these etcd logs, pair by pair; or what a code means. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';

import { readLog } from '../../adapters/logfile/read-log.ts';
import { nearestWord } from '../../base/spelling.ts';
import { systemErrorText } from '../../base/system-error.ts';
import { makeExplainReader } from '../../model/explain/reader.ts';
import { explanationOf } from '../../model/explain/explanation.ts';
import { FAILURES, type Failure } from '../../model/failure.ts';
import { SIGNATURES } from '../../model/signatures.ts';
import { codeMeaning, codeText, explanationText } from '../../show/explain.ts';
import { type ExplainFlags, readKnowledge } from '../explain-knowledge.ts';
import { Output } from '../output.ts';
import { refuse } from '../session.ts';

/** Large enough that a read costs nothing beside what is done with it. */
const CHUNK_BYTES = 1024 * 1024;

export async function explain(words: readonly string[], flags: ExplainFlags): Promise<number> {
  const output = new Output({ json: flags.json === true, color: flags.color !== false });
  const [word = ''] = words;
  if (words.length === 1 && word !== '-' && !(await exists(word))) {
    const code = explainCode(output, word);
    if (code !== undefined) return code;
  }
  for (const path of words) {
    if (path !== '-' && !(await exists(path))) return refuse(output, [notThere(path)]);
  }
  const knowledge = await readKnowledge(output, flags);
  if (typeof knowledge === 'number') return knowledge;
  const reader = makeExplainReader();
  for (const path of words) {
    reader.begin(path === '-' ? 'stdin' : basename(path, extname(path)));
    const read = await readInto(path, reader);
    if (read !== undefined) return refuse(output, [unreadable(path, read)]);
  }
  const explanation = explanationOf(reader.sections(), knowledge);
  for (const finding of output.json ? explanation.findings : [])
    output.emit({ type: 'finding', ...finding, finding });
  output.result(explanationText(explanation, flags.verbose === true, output.paint), {
    type: 'report',
    report: {
      logs: explanation.logs,
      notes: explanation.notes,
      findings: explanation.findings.length,
    },
  });
  const isBroken = explanation.findings.some(({ severity }) => {
    return severity === 'error' || severity === 'fatal';
  });
  output.outcome(0, isBroken ? 'PEER_LINKS_BROKEN' : 'PEER_LINKS_UNBROKEN', undefined);
  return 0;
}

function explainCode(output: Output, word: string): number | undefined {
  const [text, meaning] = [codeText(word), codeMeaning(word)];
  if (text === undefined || meaning === undefined) return undefined;
  output.result(text, { type: 'report', report: meaning });
  output.outcome(0, 'EXPLAINED', undefined);
  return 0;
}

/** The reason why the input could not be read. */
async function readInto(
  path: string,
  reader: ReturnType<typeof makeExplainReader>,
): Promise<string | undefined> {
  const source =
    path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    await readLog(source as AsyncIterable<Uint8Array>, {
      take: (line) => reader.read(line),
      again: (tally, count, line) => {
        reader.again(tally, count, line);
      },
      wantsAll: () => reader.isWaitingForName(),
      reached: (line, skippedCount) => {
        reader.reached(line, skippedCount);
      },
    });
    return undefined;
  } catch (error) {
    return systemErrorText(error);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory() ? false : true;
  } catch {
    return false;
  }
}

function notThere(path: string): Failure {
  const codes = [...SIGNATURES.map(({ code }) => code), ...Object.keys(FAILURES)];
  const near = nearestWord(path, codes);
  return {
    code: 'ARGUMENTS_INVALID',
    where: path,
    would: 'explain a log file, or a code of peershift',
    but: `there is no such file, and no such code${near === undefined ? '' : `; did you mean ${near}?`}`,
    so: 'nothing was read',
    remedy: 'name log files, - for standard input, or one code as peershift prints it',
  };
}

function unreadable(path: string, reason: string): Failure {
  return {
    code: 'LOG_UNREADABLE',
    where: path,
    would: 'read the log',
    but: reason,
    so: 'nothing is said of logs that were not read to their end',
    remedy:
      'make the file readable, or pipe it: journalctl -u etcd -o export | peershift explain -',
  };
}
