/** Turns the steps, gates, restarts, leaders and windows of a run into one picture along one time axis. */

import { area, curveStepAfter } from 'd3-shape';

import { durationText } from '../base/duration.ts';
import { isoTime, parseIsoMs } from '../base/time.ts';
import type { Report, ReportStep } from '../model/report.ts';
import { type Html, type Section, html } from './html.ts';
import { brokenText } from './matrix.ts';
import { numberWords, resultWords, verdictText, verdictWord } from './report-words.ts';
import { type Axis, timeAxis } from './time-axis.ts';

const WIDTH = 960;
const LEFT = 110;
const RIGHT = WIDTH - 12;
const TOP = 26;
const LANE = 30;
const BAR = 18;
/** Of a time's own text, in pixels. */
const TICK_TEXT = 56;
/** A bar that nobody could see or hit is drawn this wide. */
const NARROWEST = 3;

interface Lane {
  readonly name: string;
  readonly bars: readonly Bar[];
  readonly curve?: Html | undefined;
}

interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: string;
  readonly says: string;
  /** Written in it, where there is room. */
  readonly text?: string | undefined;
  /** Of the row that tells more. */
  readonly href?: string | undefined;
}

/** Undefined for a run in which no step was begun. */
export function timelineSection(report: Report): Section | undefined {
  const stepBars = report.steps.flatMap((step, index) => stepBar(step, index, report));
  const gateBars = gatesOf(report);
  const busy = [...stepBars, ...gateBars];
  if (busy.length === 0) return undefined;
  const axis = timeAxis(busy, LEFT, RIGHT);
  const endMs = Math.max(...busy.map(({ toMs }) => toMs));
  const startMs = Math.min(...busy.map(({ fromMs }) => fromMs));
  const lanes: readonly Lane[] = [
    { name: 'steps', bars: stepBars },
    { name: 'gates', bars: gateBars },
    { name: 'leader', bars: leadersOf(report, startMs, endMs) },
    ...report.members.map((name) => ({ name: `${name} down`, bars: downOf(report, name, endMs) })),
    { name: 'degraded', bars: windowsOf(report) },
    ...writesLane(report, axis),
  ];
  const body = html`<div
      class="scroll"
      role="region"
      aria-label="Timeline, as a picture"
      tabindex="0"
    >
      ${picture(lanes, axis)}
    </div>
    ${KEY}`;
  return { id: 'timeline', title: 'Timeline', body };
}

const KEY = html`<ul class="key">
  <li><i class="step-key"></i>step (leads to its row)</li>
  <li><i class="back-key"></i>step back</li>
  <li><i class="pass-key"></i>gate passed</li>
  <li><i class="window-key"></i>gate held; some dials fail as declared</li>
  <li><i class="fail-key"></i>failed; member down</li>
</ul>`;

function picture(lanes: readonly Lane[], axis: Axis): Html {
  const height = TOP + lanes.length * LANE + 6;
  const ticks = axis.ticks
    .filter((ms) => axis.at(ms) < RIGHT - TICK_TEXT)
    .map((ms) => {
      const x = round(axis.at(ms));
      return html`<g class="tick"
        ><line x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${height}" /><text
          x="${x + 3}"
          y="${TOP - 10}"
          >${isoTime(ms).slice(11, 19)}</text
        ></g
      >`;
    });
  const breaks = axis.breaks.map(({ fromMs, toMs }) => {
    const [from, to] = [round(axis.at(fromMs)), round(axis.at(toMs))];
    return html`<g class="break"
      ><line x1="${from}" x2="${from}" y1="${TOP}" y2="${height}" /><line
        x1="${to}"
        x2="${to}"
        y1="${TOP}"
        y2="${height}"
      /><text x="${from + 3}" y="${height - 2}">${durationText(toMs - fromMs)}</text></g
    >`;
  });
  const rows = lanes.map((lane, index) => laneOf(lane, TOP + index * LANE, axis));
  return html`<svg
    class="timeline"
    viewBox="0 0 ${WIDTH} ${height}"
    role="group"
    aria-label="Steps, gates, leaders, restarts and degraded time along one axis, in UTC"
  >
    ${ticks}${breaks}${rows}
  </svg>`;
}

function laneOf({ name, bars, curve }: Lane, y: number, axis: Axis): Html {
  const drawn = bars.map((bar) => barOf(bar, y + (LANE - BAR) / 2, axis));
  return html`<g
    ><text x="0" y="${y + LANE / 2 + 4}">${name}</text
    ><line
      class="lane"
      x1="${LEFT}"
      x2="${RIGHT}"
      y1="${y + LANE}"
      y2="${y + LANE}"
    />${drawn}${curve === undefined ? undefined : html`<g transform="translate(0 ${y})">${curve}</g>`}</g
  >`;
}

function barOf({ fromMs, toMs, kind, says, text, href }: Bar, y: number, axis: Axis): Html {
  const x = round(axis.at(fromMs));
  const width = Math.max(NARROWEST, round(axis.at(toMs) - axis.at(fromMs)));
  const rect = html`<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${BAR}" rx="2"
    ><title>${says}</title></rect
  >`;
  if (href !== undefined) return html`<a href="${href}" aria-label="${says}">${rect}</a>`;
  const fits = text !== undefined && width > text.length * 8;
  return html`<g role="img" aria-label="${says}"
    >${rect}${fits ? html`<text x="${x + 4}" y="${y + 13}">${text}</text>` : undefined}</g
  >`;
}

function stepBar(step: ReportStep, index: number, { endedAt }: Report): readonly Bar[] {
  const [fromMs, toMs] = [parseIsoMs(step.begunAt), parseIsoMs(step.endedAt ?? endedAt)];
  if (fromMs === undefined || toMs === undefined) return [];
  const kind =
    step.result === 'failed' ? 'failed' : step.direction === 'rollback' ? 'back' : 'step';
  const took = step.tookMs === undefined ? '' : `, ${durationText(step.tookMs)}`;
  const says = `step ${numberWords(step)}, ${step.say}: ${resultWords(step)}${took}`;
  return [{ fromMs, toMs, kind, says, href: `#step-${String(index)}` }];
}

function gatesOf({ gates, steps }: Report): readonly Bar[] {
  return gates.flatMap(({ at, tookMs, verdict, step: id }) => {
    const toMs = parseIsoMs(at);
    if (toMs === undefined) return [];
    const step = steps.findLast((each) => each.id === id && each.begunAt <= at);
    const name = step === undefined ? id : numberWords(step);
    const says = `gate after step ${name} ${verdictWord(verdict)} after ${durationText(tookMs)}: ${verdictText(verdict)}`;
    return [{ fromMs: toMs - tookMs, toMs, kind: verdict.kind, says }];
  });
}

/** From the plan's look at the start, then by hand-overs; an election that nobody planned begins anew with the next plan. */
function leadersOf(
  { rollouts, handOvers }: Report,
  startMs: number,
  endMs: number,
): readonly Bar[] {
  const known = [
    ...rollouts.flatMap(({ at, leader }) => (leader === undefined ? [] : [{ at, leader }])),
    ...handOvers.map(({ at, to }) => ({ at, leader: to })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  const changes = known.filter(({ leader }, index) => known[index - 1]?.leader !== leader);
  return changes.flatMap(({ at, leader }, index) => {
    const fromMs = parseIsoMs(at);
    const toMs = parseIsoMs(changes[index + 1]?.at ?? '') ?? endMs;
    if (fromMs === undefined || toMs < startMs) return [];
    const says = `${leader} leads from ${isoTime(fromMs).slice(11, 19)} to ${isoTime(toMs).slice(11, 19)}`;
    return [{ fromMs: Math.max(fromMs, startMs), toMs, kind: 'lead', says, text: leader }];
  });
}

const OF_ALL: readonly ReportStep['kind'][] = ['restart-together', 'restore-cluster'];
const DOWN: readonly ReportStep['kind'][] = ['restart-member', 'stop-member', ...OF_ALL];
const UP: readonly ReportStep['kind'][] = ['restart-member', 'start-member', ...OF_ALL];

/** From the beginning of the step that takes a member down to the end of the one that brings it up. */
function downOf({ steps }: Report, member: string, endMs: number): readonly Bar[] {
  const bars: Bar[] = [];
  let fromMs: number | undefined;
  const own = steps.filter((each) => each.member === member || OF_ALL.includes(each.kind));
  for (const step of own) {
    if (DOWN.includes(step.kind)) {
      fromMs ??= parseIsoMs(step.begunAt);
    }
    if (!UP.includes(step.kind) || fromMs === undefined || step.result !== 'done') continue;
    const toMs = parseIsoMs(step.endedAt ?? '') ?? endMs;
    bars.push({ fromMs, toMs, kind: 'down', says: downText(member, toMs - fromMs) });
    fromMs = undefined;
  }
  if (fromMs === undefined) return bars;
  return [...bars, { fromMs, toMs: endMs, kind: 'down', says: downText(member, endMs - fromMs) }];
}

function downText(member: string, ms: number): string {
  return `${member} stopped and started, ${durationText(ms)} until it served again`;
}

function windowsOf({ windows }: Report): readonly Bar[] {
  return windows.flatMap(({ from, to, brokenPairs, because }) => {
    const [fromMs, toMs] = [parseIsoMs(from), parseIsoMs(to)];
    if (fromMs === undefined || toMs === undefined) return [];
    const says = `${durationText(toMs - fromMs)}: ${brokenText(brokenPairs)}; ${because}`;
    return [{ fromMs, toMs, kind: 'window', says }];
  });
}

/** Changes of the store each second, to the height of the most. */
function writesLane({ writes }: Report, axis: Axis): readonly Lane[] {
  const points = (writes?.samples ?? []).flatMap(({ at, perSecond }) => {
    const ms = parseIsoMs(at);
    return ms === undefined ? [] : [{ ms, perSecond }];
  });
  if (points.length === 0) return [];
  const most = Math.max(1, ...points.map(({ perSecond }) => perSecond));
  const shape = area<(typeof points)[number]>()
    .x(({ ms }) => round(axis.at(ms)))
    .y0(LANE)
    .y1(({ perSecond }) => round(LANE - 2 - ((LANE - 6) * perSecond) / most))
    .curve(curveStepAfter);
  const says = `changes of the store each second, up to ${String(Math.round(most))}`;
  const curve = html`<path class="writes" role="img" aria-label="${says}" d="${shape(points) ?? ''}"
    ><title>${says}</title></path
  >`;
  return [{ name: 'writes/s', bars: [], curve }];
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
