/** Turns a preview into a picture of its rollout: Mermaid text, or one SVG that needs no server. */

import { html } from './html.ts';
import type { PreviewData, PreviewStep } from './preview-data.ts';
import { hanging } from './wrap.ts';
import { counted } from './words.ts';

/** Steps of one phase stand in one box; what happens in another place has another shape; gates are on the arrows. */
export function mermaidOf(data: PreviewData): string {
  const phases = phasesOf(data.steps);
  const boxes = phases.flatMap(({ phase, steps }, index) => [
    `  subgraph p${String(index)}["${quoted(phase)}"]`,
    '    direction TB',
    ...steps.map((step) => `    ${nodeOf(step)}`),
    '  end',
  ]);
  const arrows = data.steps.slice(0, -1).map((step) => {
    const gate = step.gate === undefined ? '' : `|"${quoted(gateWords(step))}"|`;
    return `  s${String(step.number)} -->${gate} s${String(step.number + 1)}`;
  });
  const last = data.steps.at(-1);
  const end =
    last?.gate === undefined
      ? []
      : [`  s${String(last.number)} -->|"${quoted(gateWords(last))}"| done((done))`];
  const down = data.steps.filter(isRestart).map(({ number }) => `s${String(number)}`);
  const marks =
    down.length === 0 ? [] : ['  classDef down stroke-width:3px', `  class ${down.join(',')} down`];
  return ['flowchart TB', ...boxes, ...arrows, ...end, ...marks].join('\n');
}

interface PhaseOf {
  readonly phase: string;
  readonly steps: readonly PreviewStep[];
}

/** Neighbours of one phase; a phase that comes again is another box. */
function phasesOf(steps: readonly PreviewStep[]): readonly PhaseOf[] {
  const phases: { phase: string; steps: PreviewStep[] }[] = [];
  for (const step of steps) {
    const last = phases.at(-1);
    if (last?.phase === step.phase) last.steps.push(step);
    else phases.push({ phase: step.phase, steps: [step] });
  }
  return phases;
}

function nodeOf(step: PreviewStep): string {
  const text = `"${quoted(`${String(step.number)} ${step.say}`)}"`;
  const name = `s${String(step.number)}`;
  if (step.place === 'etcd') return `${name}([${text}])`;
  return isRestart(step) ? `${name}[[${text}]]` : `${name}[${text}]`;
}

const RESTARTS: readonly PreviewStep['kind'][] = [
  'restart-member',
  'start-member',
  'stop-member',
  'restart-together',
  'restore-cluster',
];

function isRestart({ kind }: PreviewStep): boolean {
  return RESTARTS.includes(kind);
}

function gateWords({ gate }: PreviewStep): string {
  return gate === undefined ? '' : `gate: ${gate.checks.join(', ')}`;
}

/** Mermaid has entities of its own. */
function quoted(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;');
}

const WIDTH = 760;
const LEFT = 20;
const BOX = WIDTH - 2 * LEFT;
const LINE = 18;
const COLUMNS = 92;
const GAP = 26;
const HEAD = 30;

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1a1f24}.small{font-size:11px;fill:#57606a}
rect{fill:#fff;stroke:#8c959f}.phase{fill:#f6f8fa;stroke:#d0d7de}.down{stroke:#c62828;stroke-width:2}.arrow{stroke:#57606a}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9aa5b1}rect{fill:#0f1419;stroke:#6e7681}.phase{fill:#171d24;stroke:#30363d}.down{stroke:#ff8379}.arrow{stroke:#9aa5b1}}`;

/** From top to bottom, one box a step, the gate below it. */
export function svgOf(data: PreviewData): string {
  let y = HEAD + 12;
  const drawn = phasesOf(data.steps).map(({ phase, steps }) => {
    const top = y;
    y += HEAD;
    const boxes = steps.map((step) => {
      const lines = hanging(`${String(step.number)}  `, step.say, COLUMNS);
      const height = lines.length * LINE + 10;
      const at = y;
      y += height + GAP;
      const words = lines.map((line, index) => {
        const x = LEFT + 20 + (index === 0 ? 0 : 22);
        return html`<text x="${x}" y="${at + 19 + index * LINE}">${line.trimStart()}</text>`;
      });
      const gate = gateWords(step);
      const arrow = html`<line
          class="arrow"
          x1="${LEFT + 30}"
          x2="${LEFT + 30}"
          y1="${at + height}"
          y2="${at + height + GAP}"
        /><text class="small" x="${LEFT + 42}" y="${at + height + 17}">${gate}</text>`;
      return html`<g
        ><rect
          class="${isRestart(step) ? 'down' : 'step'}"
          x="${LEFT + 10}"
          y="${at}"
          width="${BOX - 20}"
          height="${height}"
          rx="4"
        />${words}${arrow}</g
      >`;
    });
    const bottom = y;
    y += 10;
    return html`<g
      ><rect
        class="phase"
        x="${LEFT}"
        y="${top}"
        width="${BOX}"
        height="${bottom - top}"
        rx="6"
      /><text class="small" x="${LEFT + 10}" y="${top + 20}">${phase}</text>${boxes}</g
    >`;
  });
  const title = `${data.plan}: ${counted(data.steps.length, 'step')}, ${data.strategy}`;
  const svg = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${WIDTH} ${y + 10}"
    width="${WIDTH}"
    height="${y + 10}"
    role="img"
    aria-label="${title}"
  >
    <title>${title}</title>
    <style>
      ${{ html: STYLE }}
    </style>
    <text x="${LEFT}" y="24">${title}</text>
    ${drawn}
  </svg>`;
  return svg.html;
}
