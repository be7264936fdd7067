/** Turns a plain type into one that only its own parser can make. */

declare const brand: unique symbol;

export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
