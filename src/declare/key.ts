/** Turns a zod schema into one key of the plan file: a sentence that says what it is, and an example. */

import { z } from 'zod';

interface KeyNotes {
  /** A value that is right, shown where a wrong one stands. */
  readonly example?: unknown;
  readonly default?: unknown;
}

/** The schema with its one sentence: the text of the JSON Schema, of editors and of the reference. */
export function key<T extends z.ZodType>(schema: T, description: string, notes: KeyNotes = {}): T {
  const example = notes.example ?? notes.default;
  return schema.meta({
    description,
    ...(example === undefined ? {} : { examples: [example] }),
    ...(notes.default === undefined ? {} : { default: notes.default }),
  });
}

const ONE_LINE = /^[^\u0000-\u001f\u007f]+$/;

/** Text of one line that is not empty. */
export function line(): z.ZodString {
  return z.string().regex(ONE_LINE, 'must be one line of text and not empty');
}

/** A number with a unit; the bounds are checked where the number is used. */
export function duration(): z.ZodString {
  return z.string().regex(/^\d{1,9}(ms|s|m|h)$/, 'must be a number with a unit (ms, s, m or h)');
}

/** A command: the program and its arguments, never a line for a shell. */
export function argv(): z.ZodArray<z.ZodString> {
  return z.array(line()).min(1);
}

/** A secret by the name of the environment variable that holds it; a literal is no such thing. */
export function secret(): z.ZodObject<{ env: z.ZodString }, z.core.$strict> {
  return z.strictObject({
    env: key(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
        .regex(/^(?!ETCD_)/, 'must not begin with ETCD_: etcd prints unknown ones into its log'),
      "The environment variable of peershift's own process that holds the secret.",
      { example: 'PEERSHIFT_PASSWORD' },
    ),
  });
}
