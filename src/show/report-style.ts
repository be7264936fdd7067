/** The page's style, as text: light and dark by the reader's own setting, one column on a narrow screen, ink on paper. */

export const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1a1f24; --soft: #57606a; --line: #d0d7de; --field: #f6f8fa;
  --good: #1a7f37; --bad: #c62828; --warn: #9a6700; --step: #0969da; --back: #8250df; --good-field: #dafbe1; --bad-field: #ffe3e0; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1419; --ink: #e6edf3; --soft: #9aa5b1; --line: #30363d; --field: #171d24;
  --good: #4ac26b; --bad: #ff8379; --warn: #e0b03c; --step: #58a6ff; --back: #c297ff; --good-field: #12351e; --bad-field: #4b1c1a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .2rem 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
a { color: var(--step); }
:focus-visible { outline: 3px solid var(--step); outline-offset: 2px; }
code, pre, .mono, dd, td { font-variant-numeric: tabular-nums; }
code, pre, .mono { font-family: ui-monospace, monospace; font-size: .85rem; }
.program, footer, .when { color: var(--soft); }
.program { margin: 0; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .3rem .6rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; margin: .5rem 0; }
.badge { font-size: .9rem; padding: .15rem .6rem; border: 2px solid var(--warn); border-radius: 1rem; color: var(--warn);
  vertical-align: middle; white-space: nowrap; }
.badge.done { border-color: var(--good); color: var(--good); }
.badge.needs-person, .badge.refused { border-color: var(--bad); color: var(--bad); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: .4rem 2rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; }
.failure { border-left: 4px solid var(--bad); background: var(--field); padding: .6rem 1rem; margin: .8rem 0; }
.failure h3 { margin: 0 0 .3rem; color: var(--bad); }
.failure dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .8rem; margin: 0; }
.failure dt { color: var(--soft); } .failure dd { margin: 0; }
.scroll { overflow-x: auto; max-width: 100%; position: relative; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; }
td.wide { min-width: 16rem; overflow-wrap: anywhere; }
td[class$='-word'] { white-space: nowrap; } .done-word { color: var(--good); } .failed-word { color: var(--bad); font-weight: 600; } .maybe-word, .held-word { color: var(--warn); }
table.dials { width: auto; } table.dials td { text-align: center; min-width: 5rem; border: 1px solid var(--line); white-space: nowrap; }
td.ok { background: var(--good-field); } td.no { background: var(--bad-field); font-weight: 600; } td.none, td.self { color: var(--soft); }
table.seen td { white-space: normal; min-width: 8rem; font-weight: 400; } .seen small { display: block; }
summary { cursor: pointer; padding: .2rem 0; } details { margin: .3rem 0; }
td.changed { box-shadow: inset 0 0 0 3px var(--step); }
.slider { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin-bottom: .8rem; }
.slider input { flex: 1 1 16rem; min-width: 0; } .slider output { flex: 1 1 100%; min-height: 1.5em; }
.changes { padding-left: 1.5rem; }
.diff { background: var(--field); border: 1px solid var(--line); padding: .6rem; overflow-x: auto; margin: .4rem 0; white-space: pre; }
.diff .add { color: var(--good); } .diff .cut { color: var(--bad); } .diff .hunk { color: var(--soft); }
.timeline { min-width: 46rem; width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
.timeline text { fill: var(--ink); } .timeline .tick text, .timeline .break text { fill: var(--soft); }
.timeline .tick line, .timeline .break line, .timeline .lane { stroke: var(--line); } .timeline .break line { stroke-dasharray: 3 3; }
.timeline .step { fill: var(--step); } .timeline .back { fill: var(--back); } .timeline .failed { fill: var(--bad); }
.timeline .pass { fill: var(--good); } .timeline .hold, .timeline .window { fill: var(--warn); } .timeline .fail { fill: var(--bad); }
.timeline .down { fill: var(--bad); } .timeline .lead { fill: var(--field); stroke: var(--soft); }
.timeline .writes { fill: var(--step); fill-opacity: .25; stroke: var(--step); } .timeline a:focus-visible rect { stroke: var(--ink); stroke-width: 3; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: 0; list-style: none; font-size: .85rem; color: var(--soft); }
.key i { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; vertical-align: -1px; }
.step-key { background: var(--step); } .back-key { background: var(--back); } .fail-key { background: var(--bad); }
.pass-key { background: var(--good); } .window-key { background: var(--warn); }
tr:target { background: var(--field); outline: 2px solid var(--step); }
@media (max-width: 40rem) { body { padding: .6rem; } h1 { font-size: 1.35rem; } .failure dl { grid-template-columns: 1fr; } }
@media print { :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --field: #f4f4f4; --good: #0b5d22; --bad: #9b1c1c; --warn: #6b4700;
  --step: #0a4a9c; --back: #5a2ca0; --good-field: #e8f7ec; --bad-field: #fde8e6; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav, .skip, .slider input { display: none; }
  .scroll { overflow: visible; } .timeline { min-width: 0; } .diff { white-space: pre-wrap; }
  section, .failure, tr, .diff { break-inside: avoid; } section:has(table), section:has(.diff) { break-inside: auto; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
