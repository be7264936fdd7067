/** Turns the Prometheus text of GET /metrics into a map from sample, labels as written, to number. */

/** A name, labels whose values may hold any escaped character, a value, and a time stamp that we leave. */
const SAMPLE =
  /^([A-Za-z_:][\w:]*(?:\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})?)[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/;

const WORD_VALUES: Readonly<Record<string, number>> = { NaN, '+Inf': Infinity, '-Inf': -Infinity };

/** Comments and lines that are no sample are left out: a sample that is not there is unknown, not zero. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, written] = SAMPLE.exec(line) ?? [];
    if (name === undefined || written === undefined) continue;
    const value = WORD_VALUES[written] ?? Number(written);
    if (Number.isNaN(value) && written !== 'NaN') continue;
    samples.set(name, value);
  }
  return samples;
}
