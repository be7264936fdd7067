/** One answer of `verify`: was this link, or this refusal, shown to be what mutual TLS demands? */

/** The checks that the closing sentence counts; a finding may carry another name, which is counted under it. */
export const FINDING_CHECKS = {
  /** An ordered pair: `from` dials `to` with TLS and a client certificate. */
  mutualTls: 'mutual-tls',
  /** `to` refuses plain http on its peer port. */
  refusesPlain: 'refuses-plain-http',
  /** `to` refuses a TLS dial that shows no client certificate. */
  refusesAnonymous: 'refuses-no-certificate',
} as const;

/** Of the client side, where the scope has it. */
export const CLIENT_CHECKS: Readonly<
  Record<'published' | 'answersHttps' | 'refusesPlain' | 'refusesAnonymous', string>
> = {
  /** The member list has https client URLs alone for `to`. */
  published: 'client-published',
  answersHttps: 'client-https',
  refusesPlain: 'client-refuses-plain-http',
  refusesAnonymous: 'client-refuses-no-certificate',
};

export interface Finding {
  readonly check: string;
  readonly from?: string;
  readonly to?: string;
  readonly result: 'proven' | 'broken' | 'unknown';
  /** The evidence, or what is missing. */
  readonly because: string;
}
