import { isObject } from '../base/check';
import { fetchProblemOf } from '../base/thrown';
import { type Answer, type Caller } from './caller';
import { type CaseRequest, type ConformanceCase, type Known } from './case';
import { differences } from './differences';

/** What a case may lack, in the words of a report. */
const NEEDS: Record<NonNullable<ConformanceCase['needs']>, string> = {
  appSecret: 'the app secret in FACEBOOK_APP_SECRET',
  personOutsideWindow: 'a person in FACEBOOK_PERSON_OUTSIDE_WINDOW_ID',
  page: 'the ID of the page, which has not been answered',
  attachmentId: 'an attachment ID, which has not been answered',
};

/** How a case went. */
export interface CaseResult {
  readonly case: ConformanceCase;
  readonly outcome: 'as expected' | 'different' | 'skipped';
  /** In what it differs, or why it was skipped. */
  readonly remarks: readonly string[];
  readonly request?: CaseRequest;
  readonly answer?: Answer;
}

/** Asks one case after the other, and yields how each went. What an answer saves is known to the cases after it. */
export async function* runCases(
  cases: readonly ConformanceCase[],
  call: Caller,
  given: Known,
): AsyncGenerator<CaseResult> {
  let known = given;
  for (const one of cases) {
    if (one.needs !== undefined && known[one.needs] === undefined) {
      yield { case: one, outcome: 'skipped', remarks: [`needs ${NEEDS[one.needs]}`] };
      continue;
    }
    const request = one.request(known);
    try {
      const answer = await call(request);
      const remarks = differences(one.expected, answer);
      known = { ...known, ...saved(one, answer) };
      yield {
        case: one,
        outcome: remarks.length === 0 ? 'as expected' : 'different',
        remarks,
        request,
        answer,
      };
    } catch (error) {
      yield { case: one, outcome: 'different', remarks: [`no answer: ${fetchProblemOf(error)}`], request };
    }
  }
}

function saved({ saves = {} }: ConformanceCase, { body }: Answer): Partial<Known> {
  const values = Object.entries(saves).map(([name, field]) => [
    name,
    isObject(body) ? body[field] : undefined,
  ]);
  return Object.fromEntries(values.filter(([, value]) => typeof value === 'string')) as Partial<Known>;
}
