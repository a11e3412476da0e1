/** One form of an account dialog: what is wrong with which field, and the sending of it. */
import { account } from './account.svelte.ts';
import { type Refusal, refusalOf, sentence } from './refusal.ts';
import { serverProblems } from './rules.ts';

export type Problems<Name extends string> = Partial<Record<Name, string>>;

export class Form<Name extends string> {
  busy = $state(false);
  problems = $state.raw<Problems<Name>>({});
  /** What is wrong with no field in particular. */
  problem = $state('');
  readonly #rules: Record<Name, () => string | undefined>;

  constructor(rules: Record<Name, () => string | undefined>) {
    this.#rules = rules;
  }

  /**
   * Sends what keeps the rules; true when the server took it. `explain` finds the field that a refusal is
   * about, where the server does not name one.
   */
  async submit(
    send: () => Promise<void>,
    explain: (refusal: Refusal) => Problems<Name> = () => ({}),
  ): Promise<boolean> {
    if (this.busy) return false;
    this.problem = '';
    this.problems = this.#broken();
    if (Object.keys(this.problems).length > 0) return false;
    this.busy = true;
    try {
      await send();
      return true;
    } catch (error) {
      this.#tell(refusalOf(error), explain);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** The person is mending this field. */
  forget(name: string): void {
    const { [name as Name]: _, ...others } = this.problems;
    this.problems = others as Problems<Name>;
  }

  clear(): void {
    this.problems = {};
    this.problem = '';
  }

  #broken(): Problems<Name> {
    const problems: Problems<Name> = {};
    for (const name of Object.keys(this.#rules) as Name[]) {
      const problem = this.#rules[name]();
      if (problem) problems[name] = problem;
    }
    return problems;
  }

  #tell(refusal: Refusal, explain: (refusal: Refusal) => Problems<Name>): void {
    if (refusal.code === 'SIGNED_OUT') {
      account.open('sign-in', refusal.message);
      return;
    }
    this.problems = { ...serverProblems(refusal.fields, this.#rules), ...explain(refusal) };
    if (Object.keys(this.problems).length === 0) this.problem = sentence(refusal);
  }
}
