import { type Aim, Draft, type Hostile } from './hostile-draft.js';
import { wrongCredential, wrongFraming, wrongHeader, wrongMethod } from './hostile-http.js';
import {
  type Mutation,
  brokenBody,
  wrongBody,
  wrongField,
  wrongPath,
  wrongQuery,
  wrongType,
} from './hostile-inputs.js';
import type { Random } from './random.js';

/** @returns a request to the route with one thing wrong, or two */
export function hostileRequest(aim: Aim, random: Random): Hostile {
  const draft = new Draft(aim);
  const mutations: Mutation[] = [
    wrongHeader,
    wrongMethod,
    wrongCredential,
    wrongFraming,
    wrongQuery,
    wrongPath,
  ];
  if (Object.keys(aim.route.query).length > 0)
    mutations.push(wrongQuery, wrongQuery, wrongQuery, wrongQuery, wrongQuery);
  if (aim.route.path.includes(':')) mutations.push(wrongPath, wrongPath, wrongPath);
  if (aim.route.body) {
    for (let i = 0; i < 10; i += 1) mutations.push(wrongField);
    mutations.push(wrongBody, brokenBody, brokenBody, brokenBody, wrongType, wrongType);
  } else if (random.chance(0.2)) {
    mutations.push(wrongType, wrongBody);
  }
  const chosen = [random.pick(mutations), ...(random.chance(0.15) ? [random.pick(mutations)] : [])];
  // The frame goes around what is there in the end: a body changed afterwards would be awaited for ever.
  chosen.sort((a, b) => Number(a === wrongFraming) - Number(b === wrongFraming));
  for (const mutate of chosen) draft.notes.push(mutate(draft, random, aim));
  return draft.toRequest();
}
