/** certs inspect and certs verify: what is in files, and whether the certificates of a plan will hold. */

import { verifyCertificates } from '../../engine-certs.ts';
import { inspectFindings } from '../../model/inspect-findings.ts';
import {
  type InspectedResult,
  inspectText,
  isVerified,
  verifiedText,
} from '../../show/certificates.ts';
import type { GlobalFlags } from '../flags.ts';
import { type SessionFlags, refuse, withPlan } from '../session.ts';
import { outputOf, readBytes, tools } from './certs.ts';

const EXIT_REFUSED = 3;

/** Exit 3 when a file cannot be used or has a problem. */
export async function inspect(files: readonly string[], flags: GlobalFlags): Promise<number> {
  const output = outputOf(flags);
  const nowMs = Date.now();
  const read = await Promise.all(files.map((file) => readBytes(file)));
  const texts = read.flatMap((bytes) => (bytes.ok ? [bytes.value] : []));
  const results = files.map((file, index): InspectedResult => {
    const bytes = read[index];
    if (bytes?.ok !== true) return { file, refused: bytes?.error.but ?? 'it was not read' };
    const found = tools().inspectFile(bytes.value, texts);
    if (!found.ok) return { file, refused: found.error };
    return { file, found: found.value, findings: inspectFindings(file, found.value, nowMs) };
  });
  const paired = pairedByName(results);
  if (output.json) for (const finding of paired) output.emit({ type: 'finding', finding });
  else output.result(inspectText(paired, output.paint), { type: 'report', report: paired });
  const isGood = paired.every(
    (result) => 'found' in result && result.findings.every(({ level }) => level !== 'problem'),
  );
  const exit = isGood ? 0 : EXIT_REFUSED;
  output.outcome(exit, isGood ? 'READABLE' : 'CERTIFICATE_UNUSABLE', undefined);
  return exit;
}

const KEY_END = '-key.pem';

/** `m1-key.pem` beside `m1.pem` must be its key. */
function pairedByName(results: readonly InspectedResult[]): readonly InspectedResult[] {
  return results.map((result) => {
    if (!('found' in result) || !result.file.endsWith(KEY_END)) return result;
    const name = `${result.file.slice(0, -KEY_END.length)}.pem`;
    const partner = results.find(({ file }) => file === name);
    const [leaf] = partner !== undefined && 'found' in partner ? partner.found.certificates : [];
    const [key] = result.found.keys;
    if (leaf === undefined || key === undefined || leaf.keyId === key.keyId) return result;
    const because = `it is not the key of ${name}`;
    const finding = { check: 'key', level: 'problem', about: result.file, because } as const;
    return { ...result, findings: [...result.findings, finding] };
  });
}

/** Exit 0 only when nothing stands against any certificate of the plan. */
export async function verify(planFile: string, flags: SessionFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim }) => {
    const verified = await verifyCertificates(rim);
    if (!verified.ok) return refuse(output, verified.error);
    const { findings } = verified.value;
    for (const finding of output.json ? findings : []) output.emit({ type: 'finding', finding });
    output.result(verifiedText(verified.value, output.paint), {
      type: 'report',
      report: { soonest: verified.value.soonest, isVerified: isVerified(verified.value) },
    });
    const exit = isVerified(verified.value) ? 0 : EXIT_REFUSED;
    output.outcome(exit, exit === 0 ? 'CERTIFICATES_GOOD' : 'CERTIFICATE_UNUSABLE', undefined);
    return exit;
  });
}
