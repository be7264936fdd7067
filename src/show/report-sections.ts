/** Turns a report into the tables of its page: failures, steps, log lines, certificates, files, proofs. */

import { durationText } from '../base/duration.ts';
import { parseIsoMs } from '../base/time.ts';
import type { Failure } from '../model/failure.ts';
import type { ToldLine } from '../model/journal.ts';
import type { Report, ReportGate, ReportStep } from '../model/report.ts';
import { type Html, type Section, html } from './html.ts';
import { belongs } from './report-text.ts';
import { numberWords, resultWords, verdictText, verdictWord } from './report-words.ts';
import { counted } from './words.ts';

const DAY_MS = 86_400_000;

/** What went wrong, and what was undone. */
export function failureSection({ failures, undone, notes }: Report): Section | undefined {
  if (failures.length + undone.length + notes.length === 0) return undefined;
  const told = failures.map(({ failure, at }) => failureBox(failure, at));
  const body = html`${told}${listed('Undone', undone)}${listed('Noted', notes)}`;
  const title = failures.length > 0 ? 'What went wrong' : undone.length > 0 ? 'Undone' : 'Noted';
  return { id: 'trouble', title, body };
}

function failureBox({ code, where, would, but, so, remedy }: Failure, at: string): Html {
  return html`<div class="failure">
    <h3>${code} · ${where}</h3>
    <dl>
      <dt>when</dt>
      <dd>${at}</dd>
      <dt>would</dt>
      <dd>${would}</dd>
      <dt>but</dt>
      <dd>${but}</dd>
      <dt>so</dt>
      <dd>${so}</dd>
      <dt>do</dt>
      <dd>${remedy}</dd>
    </dl>
  </div>`;
}

function listed(title: string, texts: readonly string[]): Html | undefined {
  if (texts.length === 0) return undefined;
  return html`<h3>${title}</h3>
    <ul>
      ${texts.map((text) => html`<li>${text}</li>`)}
    </ul>`;
}

/** Each step with its gate; the bars of the timeline lead here. */
export function stepSection(report: Report): Section {
  const rows = report.steps.map((step, index) => {
    const gate = report.gates.findLast((each) => belongs(each, step, report.steps));
    return stepRow(step, index, gate);
  });
  const plans = report.rollouts.map(({ at, direction, because, stepCount }) => {
    const way = direction === 'rollback' ? 'the way back' : 'the way forward';
    return `${at} ${way}, ${counted(stepCount, 'step')}${because === '' ? '' : `: ${because}`}`;
  });
  const body = html`${table('Steps and gates', ['Step', 'What', 'How it ended', 'Gate', 'Evidence'], rows)}${listed('Planned', plans)}`;
  return { id: 'steps', title: 'Steps and gates', body };
}

function stepRow(step: ReportStep, index: number, gate: ReportGate | undefined): Html {
  const took = step.tookMs === undefined ? '' : ` ${durationText(step.tookMs)}`;
  const gated =
    gate === undefined
      ? html`<td></td>
          <td></td>`
      : html`<td
            class="${gate.verdict.kind === 'pass' ? 'done' : gate.verdict.kind === 'hold' ? 'held' : 'failed'}-word"
          >
            ${verdictWord(gate.verdict)} ${durationText(gate.tookMs)}
          </td>
          <td class="wide">${verdictText(gate.verdict)}</td>`;
  return html`<tr id="step-${index}">
    <th scope="row">${numberWords(step)}</th>
    <td class="wide">${step.say}</td>
    <td class="${step.result}-word">${resultWords(step)}${took}</td>
    ${gated}
  </tr>`;
}

/** A scroll region of its own, reached by keyboard, so that a narrow screen keeps its width. */
function table(name: string, heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll" role="region" aria-label="${name}, as a table" tabindex="0">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

const WEIGHTS: Readonly<Record<string, string>> = {
  fatal: 'ends the process, or puts data in doubt',
  unexpected: 'nothing explains it',
  transient: 'explained by the stop, the start or the state before',
  foreign: 'from a stranger, or without a request',
  noise: 'as before the first change',
  expected: 'predicted by the model',
};

/** What members logged during gates, and what it was taken for. */
export function logSection({ gates, steps }: Report): Section | undefined {
  const told = gates.flatMap((gate) => {
    const step = steps.findLast(({ id, begunAt }) => id === gate.step && begunAt <= gate.at);
    const name = step === undefined ? gate.step : numberWords(step);
    return gate.lines.map((line) => ({ ...line, name }));
  });
  if (told.length === 0) return undefined;
  const [explained, grave] = [true, false].map((isWanted) => {
    return told.filter(({ judgement }) => EXPLAINED.includes(judgement) === isWanted).map(logRow);
  });
  const heads = ['Step', 'Member', 'Lines', 'Taken for', 'What it says'];
  const open =
    grave === undefined || grave.length === 0
      ? html`<p>No line that the change does not explain.</p>`
      : table('Log lines', heads, grave);
  const folded =
    explained === undefined || explained.length === 0
      ? undefined
      : html`<details>
          <summary>${counted(explained.length, 'line')} that the change explains</summary>
          ${table('Explained log lines', heads, explained)}
        </details>`;
  return { id: 'logs', title: 'Log lines that mattered', body: html`${open}${folded}` };
}

/** A reader looks at them last. */
const EXPLAINED: readonly string[] = ['transient', 'expected'];

function logRow({ name, member, count, judgement, essence }: ToldLine & { name: string }): Html {
  return html`<tr>
    <td>${name}</td>
    <td>${member}</td>
    <td>${count}</td>
    <td>${WEIGHTS[judgement] ?? judgement}</td>
    <td class="wide mono">${essence}</td>
  </tr>`;
}

/** What stands on the hosts, and until when it is valid. */
export function certificateSection({ certificates, endedAt }: Report): Section | undefined {
  if (certificates.length === 0) return undefined;
  const endMs = parseIsoMs(endedAt);
  const rows = certificates.map((each) => {
    const untilMs = parseIsoMs(each.notAfter);
    const days =
      endMs === undefined || untilMs === undefined
        ? ''
        : `, ${counted(Math.floor((untilMs - endMs) / DAY_MS), 'day')} after the run`;
    const gone = each.isGone ? ' (taken off again)' : '';
    return html`<tr>
      <td>${each.member}</td>
      <td>${each.role === 'ca' ? 'CA' : 'leaf'}${gone}</td>
      <td class="wide">${each.subject}<br />by ${each.issuer}</td>
      <td>${each.names.join(', ')}</td>
      <td>${each.notAfter.slice(0, 10)}${days}</td>
      <td>${each.key}</td>
      <td class="wide mono">${each.path}<br />sha256 ${each.fingerprint}</td>
    </tr>`;
  });
  const heads = ['Member', 'Role', 'Subject', 'Names', 'Valid until', 'Key', 'File'];
  return { id: 'certificates', title: 'Certificates', body: table('Certificates', heads, rows) };
}

/** What was edited, what was put there or taken off, and what configuration management must carry from now on. */
export function fileSection({ diffs, files, settings }: Report): Section | undefined {
  if (diffs.length + files.length + settings.length === 0) return undefined;
  const edits = diffs.map(({ member, path, diff }) => {
    const [, ...lines] = diff;
    return html`<h3>${member}: <code>${path}</code></h3>
      <pre class="diff" tabindex="0" aria-label="Changes of ${path} on ${member}">
${lines.map(diffLine)}</pre>`;
  });
  const kept = files.map(({ member, path, what, digest }) => {
    const words = what === 'config-original' ? 'original kept, ours has' : what;
    return html`<tr>
      <td>${member}</td>
      <td class="wide mono">${path}</td>
      <td>${words}</td>
      <td class="wide mono">${digest === undefined ? '' : `sha256 ${digest}`}</td>
    </tr>`;
  });
  const values = settings.flatMap(({ member, values: all }) => {
    return Object.entries(all).map(([flag, value]) => {
      return html`<tr>
        <td>${member}</td>
        <td class="mono">${flag}</td>
        <td class="wide mono">${value ?? '(taken out)'}</td>
      </tr>`;
    });
  });
  const body = html`${
    edits.length === 0
      ? undefined
      : html`<p>As the first plan of this run had them edited in the end:</p>
          ${edits}`
  }
  ${
    kept.length === 0
      ? undefined
      : html`<h3>On the hosts</h3>
          ${table('Files', ['Member', 'File', 'What', 'Digest'], kept)}`
  }
  ${
    values.length === 0
      ? undefined
      : html`<h3>For your configuration management, or it will undo this</h3>
          ${table('Settings', ['Member', 'Setting', 'Value'], values)}`
  }`;
  return { id: 'files', title: 'Files and settings', body };
}

function diffLine(line: string): Html {
  const kind = line.startsWith('+')
    ? 'add'
    : line.startsWith('-')
      ? 'cut'
      : line.startsWith('@@')
        ? 'hunk'
        : 'same';
  // Within <pre> a line ends where the text says so.
  return html`<span class="${kind}">${`${line}\n`}</span>`;
}

/** What was proven of each plan, and what that takes for granted. */
export function proofSection({ rollouts, accepted }: Report): Section | undefined {
  const parts = rollouts.flatMap(({ at, stepCount, proof, digest }) => {
    if (proof === undefined) return [];
    const worlds = `${counted(proof.rules.length, 'rule')} held in ${counted(proof.worldCount, 'world')}`;
    const back =
      proof.rollbackWorldCount === 0
        ? ''
        : `, and on the way back from every step in ${counted(proof.rollbackWorldCount, 'world')}`;
    return [
      html`<h3>${counted(stepCount, 'step')}, planned ${at}</h3>
        <p>${worlds}${back}. Rollout <span class="mono">${digest}</span>.</p>
        <p>Rules: ${proof.rules.join(', ')}.</p>
        ${listed('Assumed', proof.assumptions)}`,
    ];
  });
  if (parts.length === 0) return undefined;
  const breaches = listed('Breaches that were accepted', accepted);
  return { id: 'proof', title: 'Proof and assumptions', body: html`${parts}${breaches}` };
}
