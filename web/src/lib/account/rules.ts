/** What the server accepts in forms, so that a slip is seen before it is sent. Each gives a problem, or nothing. */
import { NAME_LENGTH_MAX, NAME_LENGTH_MIN, nameProblem } from '../people.ts';
import type { FieldProblem } from './refusal.ts';

export const PASSWORD_LENGTH_MIN = 8;
export const PASSWORD_LENGTH_MAX = 128;
const EMAIL_LENGTH_MAX = 254;
const AVATAR_LENGTH_MAX = 2_048;

export const PASSWORD_RULE = `${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters. A few words that only you would put together are good.`;

export function emailProblem(email: string): string | undefined {
  const trimmed = email.trim();
  if (trimmed === '') return 'Enter your email address.';
  if (trimmed.length > EMAIL_LENGTH_MAX || !/^[!-?A-~]+@[A-Za-z\d-]+(\.[A-Za-z\d-]+)+$/.test(trimmed))
    return 'This is no email address: it has a form like mina@example.com.';
  return undefined;
}

/** For a password that is to be set. */
export function newPasswordProblem(password: string): string | undefined {
  const { length } = [...password];
  if (length === 0) return 'Choose a password.';
  if (length < PASSWORD_LENGTH_MIN)
    return `A password has at least ${PASSWORD_LENGTH_MIN} characters; this one has ${length}.`;
  if (length > PASSWORD_LENGTH_MAX)
    return `A password has at most ${PASSWORD_LENGTH_MAX} characters; this one has ${length}.`;
  if (/\p{Cc}/u.test(password)) return 'A password has no tabs, line breaks or other control characters.';
  return undefined;
}

/** For a password that was set long ago: the server alone knows whether it is right. */
export function passwordProblem(password: string): string | undefined {
  return password === '' ? 'Enter your password.' : undefined;
}

export function accountNameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'Enter the name that others are to see.';
  return nameProblem(name) && `A name has ${NAME_LENGTH_MIN} to ${NAME_LENGTH_MAX} visible characters.`;
}

/** Empty is none. */
export function avatarProblem(address: string): string | undefined {
  const trimmed = address.trim();
  if (trimmed === '') return undefined;
  const isWeb = URL.canParse(trimmed) && /^https?:$/.test(new URL(trimmed).protocol);
  if (!isWeb || trimmed.length > AVATAR_LENGTH_MAX)
    return 'This is no web address: it has a form like https://example.com/mina.png.';
  return undefined;
}

/** What the server found, in our words where our own rule finds it too. */
export function serverProblems<Field extends string>(
  found: readonly FieldProblem[],
  rules: Record<Field, () => string | undefined>,
): Partial<Record<Field, string>> {
  const problems: Partial<Record<Field, string>> = {};
  for (const { field, message } of found) {
    if (Object.hasOwn(rules, field)) problems[field as Field] = rules[field as Field]() ?? message;
  }
  return problems;
}
