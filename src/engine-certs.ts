/** Turns a plan file's rim into a judgement of all its certificates; nothing is changed. */

import { type Result, err, ok } from './base/result.ts';
import { materialOf } from './engine-material.ts';
import { observe } from './engine.ts';
import type { Rim } from './engine-types.ts';
import { planFindings, soonestExpiry } from './model/certificate-plan.ts';
import type { CertificateFinding } from './model/certificate-findings.ts';
import type { Failure } from './model/failure.ts';

export interface VerifiedCertificates {
  readonly findings: readonly CertificateFinding[];
  readonly soonest: { readonly about: string; readonly endsMs: number } | undefined;
  readonly nowMs: number;
}

/** Here, on the hosts, and against the URLs and addresses that members use now. */
export async function verifyCertificates(
  rim: Rim,
): Promise<Result<VerifiedCertificates, readonly Failure[]>> {
  const seen = await observe(rim);
  if (!seen.ok) return seen;
  const observed = seen.value.state;
  const nowMs = rim.clock.nowMs();
  const read = await materialOf(rim, observed);
  if (!read.ok) return err(read.error);
  const plan = { desired: rim.desired, observed, ...read.value, nowMs };
  return ok({ findings: planFindings(plan), soonest: soonestExpiry(plan), nowMs });
}
