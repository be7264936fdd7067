/** Turns the texts of examples into one failure for each code, as it may come at night. */

import { type Failure, type FailureCode, FAILURES, isFailureCode } from '../model/failure.ts';
import { EXAMPLES_BEFORE } from './examples-before.ts';
import { EXAMPLES_RUN } from './examples-run.ts';
import { failureText } from './failure-text.ts';

/** The five lines of that code, with names and numbers; each code has one (a test reads them all). */
export function exampleOf(code: FailureCode): Failure {
  const text = TEXTS.find((each) => each.startsWith(`${code} · `));
  if (text === undefined) throw new Error(`no example of ${code}`);
  return parsed(text);
}

/** As the terminal shows it. */
export function exampleText(example: Failure): string {
  const isRefusal = FAILURES[example.code].exit === 3 || FAILURES[example.code].exit === 2;
  return failureText(example, isRefusal ? 'refused' : 'failed');
}

const TEXTS: readonly string[] = [EXAMPLES_BEFORE, EXAMPLES_RUN].flatMap((texts) =>
  texts.trim().split('\n\n'),
);

const LINE = /^ {2}(would|but|so|do) +/u;

function parsed(text: string): Failure {
  const [head = '', ...lines] = text.split('\n');
  const [code = '', where = ''] = head.split(' · ');
  const told: Record<string, string> = {};
  let name = '';
  for (const line of lines) {
    name = LINE.exec(line)?.[1] ?? name;
    const words = line.replace(LINE, '').trim();
    const before = told[name];
    told[name] = before === undefined ? words : `${before} ${words}`;
  }
  if (!isFailureCode(code)) throw new Error(`no failure has the code ${code}`);
  const { would = '', but = '', so = '', do: remedy = '' } = told;
  return { code, where, would, but, so, remedy };
}
