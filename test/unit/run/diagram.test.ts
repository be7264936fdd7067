/** Goal: the README draws the machine that runs. Method: draw it from the machine, compare, and ask the drawing. */

import { describe, expect, it } from 'vitest';
import { runMachine } from '../../../src/run/machine.ts';
import { machineDiagram } from '../../support/diagram.ts';
import { expectBlock } from '../../support/readme.ts';

const drawn = machineDiagram();
const lines = drawn.split('\n').map((line) => line.trim());

describe('the diagram of a run', () => {
  it('stands in the README as the machine is (UPDATE_GOLDEN=1 draws it anew)', () => {
    expectBlock('machine', `\`\`\`mermaid\n${drawn}\n\`\`\``);
  });

  it('has every state, each with a way in and a way out', () => {
    const states = Object.keys(runMachine.root.states);
    expect(states.length).toBeGreaterThan(10);
    const withoutIn = states.filter((name) => !drawn.includes(`--> ${name}`));
    const withoutOut = states.filter((name) => !drawn.includes(`  ${name} --> `));
    expect([withoutIn, withoutOut]).toEqual([[], []]);
  });

  it('labels a way with its guard, and the last of several with otherwise', () => {
    expect(lines).toContain('looking --> planning: hasMoved');
    expect(lines).toContain('looking --> closing: otherwise');
    expect(lines).toContain('gating --> closing: STOP mayStopAfter');
  });

  it('reads a guard that has no name by what it lets pass', () => {
    expect(lines).toContain('recordingDone --> lost: answer is moved or bad');
  });

  it('leaves out what only remembers', () => {
    expect(lines.filter((line) => line.endsWith('STOP'))).toEqual([]);
  });

  it('shows no way past the gate of a step that has one', () => {
    const after = lines.filter((line) => line.startsWith('recordingDone --> '));
    expect(after).toEqual([
      'recordingDone --> lost: answer is moved or bad',
      'recordingDone --> gating: hasGate',
      'recordingDone --> planning: changesMaterial',
      'recordingDone --> deciding: otherwise',
    ]);
  });
});
