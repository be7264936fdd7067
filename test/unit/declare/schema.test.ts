/** Goal: the shipped JSON Schema is the one that the code checks by. Method: make it anew, and compare. */

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { planFileJsonSchema } from '../../../src/declare/shape.ts';

const SHIPPED = new URL('../../../plans/peershift.schema.json', import.meta.url);

type Schema = Readonly<Record<string, unknown>>;

/** Every key of the schema that has no sentence of its own. */
function silentKeys(schema: Schema, path: string): readonly string[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const inner = [schema['items'], ...((schema['anyOf'] as unknown[] | undefined) ?? [])];
  return [
    ...properties.flatMap(([name, value]) => {
      const here = `${path}.${name}`;
      const isSilent = typeof value['description'] !== 'string';
      return [...(isSilent ? [here] : []), ...silentKeys(value, here)];
    }),
    ...inner.flatMap((value) => (value === undefined ? [] : silentKeys(value as Schema, path))),
  ];
}

describe('the JSON Schema of plan files', () => {
  it('is the shipped one (UPDATE_GOLDEN=1 writes it anew)', () => {
    const fresh = `${JSON.stringify(planFileJsonSchema(), undefined, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(SHIPPED, fresh);
    expect(readFileSync(SHIPPED, 'utf8')).toBe(fresh);
  });

  it('is of draft 2020-12 and asks for the four required keys', () => {
    const schema = planFileJsonSchema();
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema['required']).toEqual(['version', 'name', 'cluster', 'members']);
    expect(schema['additionalProperties']).toBe(false);
  });

  it('has a sentence for every key', () => {
    expect(silentKeys(planFileJsonSchema(), 'plan')).toEqual([]);
    expect(silentKeys({ properties: { a: { properties: { b: {} } } } }, 'plan')).toEqual([
      'plan.a',
      'plan.a.b',
    ]);
  });
});
